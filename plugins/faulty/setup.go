package faulty

import (
	"errors"
	"time"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// setupFaults show before the first record.
func setupFaults() map[string]fault {
	return map[string]fault{
		"no-version":        {"describe", func(s *service) { s.describe().Version = "" }},
		"has-an-old-helper": {"helper", func(s *service) { s.describe().Helper = "python/1" }},
		"bad-needs": {
			"needs-valid", func(s *service) { s.describe().Needs = &enrichv1.Needs{Annotations: []string{"not a key"}} },
		},
		"needs-twice": {
			"needs-valid", func(s *service) { s.describe().Needs = &enrichv1.Needs{Labels: []string{"app", "team", "app"}} },
		},
		"unstable-description": {"describe-stable", func(s *service) {
			s.describe = func() *enrichv1.DescribeResponse {
				return &enrichv1.DescribeResponse{Name: Name, Version: time.Now().String()}
			}
		}},
		"refuses-its-config": {"configure-good", func(s *service) {
			s.configure = func(config string) error {
				if err := refuseKeys(config); err != nil {
					return err
				}
				return errors.New("file: is missing")
			}
		}},
		"accepts-any-config": {"configure-bad", func(s *service) {
			s.configure = func(string) error { return nil }
		}},
		"names-no-key": {"configure-bad", func(s *service) {
			s.configure = func(config string) error {
				if refuseKeys(config) != nil {
					return errors.New("bad configuration")
				}
				return nil
			}
		}},
	}
}
