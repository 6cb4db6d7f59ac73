package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// breakSetup breaks what comes before the first record.
func (s *service) breakSetup() {
	answer := s.describe()
	s.describe = func() *enrichv1.DescribeResponse { return answer }
	switch s.name {
	case "bad-name":
		s.name, answer.Name = "k8s", "k8s"
	case "no-version":
		answer.Version = ""
	case "bad-needs":
		answer.Needs = &enrichv1.Needs{Annotations: []string{"not a key"}}
	case "needs-twice":
		answer.Needs = &enrichv1.Needs{Labels: []string{"app", "team", "app"}}
	case "unstable-description":
		s.describe = func() *enrichv1.DescribeResponse {
			return &enrichv1.DescribeResponse{Name: s.name, Version: time.Now().String()}
		}
	case "refuses-its-config":
		s.configure = func(config string) error {
			if err := refuseKeys(config); err != nil {
				return err
			}
			return errors.New("file: is missing")
		}
	case "accepts-any-config":
		s.configure = func(string) error { return nil }
	case "names-no-key":
		s.configure = func(config string) error {
			if refuseKeys(config) != nil {
				return errors.New("bad configuration")
			}
			return nil
		}
	}
}

// breakPatch breaks what one patch has to be.
func (s *service) breakPatch() {
	change := func(*enrichv1.Record, *enrichv1.Patch) {}
	add := func(p *enrichv1.Patch, key, value string) { p.Attributes = append(p.Attributes, s.text(key, value)) }
	switch s.name {
	case "bad-prefix":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { p.Attributes[0].Key = "k8s.pod.name" }
	case "too-many-attributes":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) {
			for i := range 64 {
				add(p, fmt.Sprint(i), "x")
			}
		}
	case "duplicate-key":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "pod", "again") }
	case "value-too-long":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "long", strings.Repeat("x", 4097)) }
	case "no-value":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { p.Attributes[0].Value = nil }
	case "bad-traceparent":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) {
			p.Traceparent = "00-00000000000000000000000000000000-b7ad6b7169203331-01"
		}
	case "bad-tracestate":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) {
			p.Traceparent, p.Tracestate = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "no state"
		}
	case "tells-of-errors-at-length":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { p.Error = "panic\n\tat line 1\n\tat line 2" }
	case "suppresses":
		change = func(r *enrichv1.Record, p *enrichv1.Patch) {
			p.Suppress = r.GetPod().GetNamespace() == "kube-system"
		}
	case "floods":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) {
			add(p, "a", strings.Repeat("x", 4096))
			add(p, "b", strings.Repeat("x", 4096))
		}
	case "stateful-pod-only":
		s.describe().Needs = &enrichv1.Needs{PodOnly: true}
		var n atomic.Int64
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "count", fmt.Sprint(n.Add(1))) }
	case "pod-only-by-phase":
		s.describe().Needs = &enrichv1.Needs{PodOnly: true}
		change = func(r *enrichv1.Record, p *enrichv1.Patch) { add(p, "phase", r.GetPod().GetPhase()) }
	case "new-answers-each-run":
		change = func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "pid", fmt.Sprint(os.Getpid())) }
	default:
		return
	}
	s.enrich = s.eachPatch(change)
}

// breakRecords breaks at records that are rare.
func (s *service) breakRecords() {
	switch s.name {
	case "crashes-on-sparse":
		s.enrich = s.eachPatch(func(r *enrichv1.Record, _ *enrichv1.Patch) { _ = r.GetPod().GetNamespace()[0] })
	case "cuts-characters":
		s.enrich = s.eachPatch(func(r *enrichv1.Record, p *enrichv1.Patch) {
			info := r.GetInfo()
			p.Attributes = append(p.Attributes, s.text("info", info[:min(len(info), 1000)]))
		})
	case "copies-annotations":
		s.describe().Needs = &enrichv1.Needs{Annotations: []string{"example.com/notes"}}
		s.enrich = s.eachPatch(func(r *enrichv1.Record, p *enrichv1.Patch) {
			p.Attributes = append(p.Attributes, s.text("notes", r.GetPod().GetAnnotations()["example.com/notes"]))
		})
	case "forwards-any-traceparent":
		s.describe().Needs = &enrichv1.Needs{Annotations: []string{"traceparent"}}
		s.enrich = s.eachPatch(func(r *enrichv1.Record, p *enrichv1.Patch) {
			if parent := r.GetPod().GetAnnotations()["traceparent"]; strings.HasPrefix(parent, "00-") {
				p.Traceparent = parent
			}
		})
	case "refuses-unknown-fields":
		good := s.enrich
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			for _, r := range records {
				if len(r.ProtoReflect().GetUnknown()) > 0 {
					return nil, errors.New("unknown field")
				}
			}
			return good(ctx, records)
		}
	}
}

// breakCalls breaks how batches are answered.
func (s *service) breakCalls() {
	good := s.enrich
	var mu sync.Mutex
	var last atomic.Pointer[[]*enrichv1.Record]
	switch s.name {
	case "wrong-count":
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			return good(ctx, records[:1])
		}
	case "wrong-order":
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			patches, err := good(ctx, records)
			slices.Reverse(patches)
			return patches, err
		}
	case "dies-of-big-batches":
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			if len(records) > 512 {
				os.Exit(1)
			}
			return good(ctx, records)
		}
	case "slow":
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			time.Sleep(time.Duration(min(len(records), 64)) * 4 * time.Millisecond)
			return good(ctx, records)
		}
	case "hangs":
		s.enrich = func(context.Context, []*enrichv1.Record) ([]*enrichv1.Patch, error) { select {} }
	case "stuck-after-cancel":
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			mu.Lock()
			if len(records) == 256 {
				time.Sleep(50 * time.Millisecond)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			defer mu.Unlock()
			return good(ctx, records)
		}
	case "mixes-batches":
		s.enrich = func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			last.Store(&records)
			time.Sleep(5 * time.Millisecond)
			return good(ctx, *last.Load())
		}
	}
}
