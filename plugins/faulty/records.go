package faulty

import (
	"context"
	"errors"
	"strings"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// recordFaults show with uncommon records only.
func recordFaults() map[string]fault {
	return map[string]fault{
		"crashes-on-sparse": changed("sparse",
			func(r *enrichv1.Record, _ *enrichv1.Patch) { _ = r.GetPod().GetNamespace()[0] }),
		"cuts-characters": changed("unicode", func(r *enrichv1.Record, p *enrichv1.Patch) {
			info := r.GetInfo()
			add(p, "info", info[:min(len(info), 1000)])
		}),
		"copies-annotations": {"large-records", func(s *service) {
			const key = "example.com/notes"
			s.describe().Needs = &enrichv1.Needs{Annotations: []string{key}}
			s.changePatch(func(r *enrichv1.Record, p *enrichv1.Patch) {
				add(p, "notes", "notes: "+r.GetPod().GetAnnotations()[key])
			})
		}},
		"forwards-any-traceparent": {"odd-values", func(s *service) {
			const key = "traceparent"
			s.describe().Needs = &enrichv1.Needs{Annotations: []string{key}}
			s.changePatch(func(r *enrichv1.Record, p *enrichv1.Patch) {
				if parent := r.GetPod().GetAnnotations()[key]; strings.HasPrefix(parent, "00-") {
					p.Traceparent = parent
				}
			})
		}},
		"refuses-unknown-fields": {"unknown-fields", func(s *service) {
			good := s.enrich
			s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
				for _, r := range records {
					if len(r.ProtoReflect().GetUnknown()) > 0 {
						return nil, errors.New("unknown field")
					}
				}
				return good(ctx, records)
			}
		}},
	}
}
