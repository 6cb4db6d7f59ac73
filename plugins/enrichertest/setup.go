package enrichertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func checkHandshake(ctx context.Context, s *suite) error {
	start := time.Now()
	_, err := s.running(ctx)
	s.took = time.Since(start)
	return err
}

// healthService is the service that hosts ask for the health of.
const healthService = "plugin"

// checkHealth calls the health service as a host does.
func checkHealth(ctx context.Context, s *suite) error {
	p, err := s.running(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	err = p.process.Health(ctx)
	if took := time.Since(start); err != nil {
		return fmt.Errorf("grpc.health.v1.Health/Check of the service %q: %w, after %s; a host asks every 5 s and "+
			"kills a plugin that does not answer SERVING within 2 s", healthService, err, duration(took))
	}
	s.took = time.Since(start)
	return nil
}

func checkDescribe(ctx context.Context, s *suite) error {
	p, err := s.running(ctx)
	if err != nil {
		return err
	}
	if p.description, err = s.describe(ctx); err != nil {
		return err
	}
	if err := record.CheckPluginName(p.description.GetName()); err != nil {
		return err
	}
	if strings.TrimSpace(p.description.GetVersion()) == "" {
		return errors.New("the version is empty")
	}
	return nil
}

// checkConfigureBad leaves a plugin with a bad configuration, which a host would not use.
func checkConfigureBad(ctx context.Context, s *suite) error {
	if _, err := s.running(ctx); err != nil {
		return err
	}
	if _, err := s.describe(ctx); err != nil { // as a host does before
		return err
	}
	_, err := s.configure(ctx, s.options.BadConfig)
	if err == nil {
		return fmt.Errorf("the configuration %s is accepted", s.options.BadConfig)
	}
	refusal, ok := errors.AsType[*callError](err)
	switch {
	case !ok:
		return err
	case refusal.status.Code() != codes.InvalidArgument:
		return fmt.Errorf("the configuration %s is refused with another status than INVALID_ARGUMENT: %w",
			s.options.BadConfig, err)
	}
	keys := s.options.badKeys()
	for _, key := range keys {
		if strings.Contains(refusal.status.Message(), key) {
			return nil
		}
	}
	return fmt.Errorf("the refusal of %s does not name the key %s: %q",
		s.options.BadConfig, strings.Join(keys, " or "), refusal.status.Message())
}

// badKeys returns the keys of the bad configuration that are not in the good one, or
// have another value there.
func (o *Options) badKeys() (keys []string) {
	var good, bad map[string]json.RawMessage
	_ = json.Unmarshal([]byte(o.Config), &good) // both are valid
	_ = json.Unmarshal([]byte(o.BadConfig), &bad)
	for _, key := range slices.Sorted(maps.Keys(bad)) {
		if string(bad[key]) != string(good[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}

func checkConfigureGood(ctx context.Context, s *suite) error {
	_, err := s.ready(ctx)
	if code(err) == codes.InvalidArgument {
		return fmt.Errorf("%w; the configuration was %s", err, s.options.Config)
	}
	return err
}

func checkDescribeStable(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	for range 2 {
		again, err := s.describe(ctx)
		if err != nil {
			return err
		}
		if !proto.Equal(p.description, again) {
			return fmt.Errorf("first it is {%v}, then {%v}", p.description, again)
		}
	}
	return nil
}

func checkNeeds(ctx context.Context, s *suite) error {
	p, err := s.ready(ctx)
	if err != nil {
		return err
	}
	for _, needs := range []*enrichv1.Needs{p.description.GetNeeds(), p.needs} {
		err := errors.Join(
			checkKeys("labels", needs.GetLabels()),
			checkKeys("annotations", needs.GetAnnotations()),
			checkKeys("owners.labels", needs.GetOwners().GetLabels()),
			checkKeys("owners.annotations", needs.GetOwners().GetAnnotations()))
		if err != nil {
			return err
		}
	}
	return nil
}

// checkKeys returns an error for keys that labels or annotations can't have. Those of
// annotations may have capitals before the slash.
func checkKeys(what string, keys []string) error {
	for i, key := range keys {
		name := key
		if strings.HasSuffix(what, "annotations") {
			name = strings.ToLower(key)
		}
		if problems := validation.IsQualifiedName(name); len(problems) > 0 {
			return fmt.Errorf("needs.%s: no object has the key %q: %s", what, key, problems[0])
		}
		if slices.Contains(keys[:i], key) {
			return fmt.Errorf("needs.%s: %q is a duplicate", what, key)
		}
	}
	return nil
}
