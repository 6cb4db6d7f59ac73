package enrichertest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// fake is a plugin without a process, whose time is that of a bubble.
type fake struct {
	enrich func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error)
	ended  bool
}

var (
	_ enrichertest.Process           = (*fake)(nil)
	_ enrichv1.EnricherServiceClient = (*fake)(nil)
)

func (f *fake) Client() enrichv1.EnricherServiceClient { return f }

func (f *fake) Health(context.Context) error { return nil }

func (f *fake) Ended() string { return "" }

func (f *fake) Stop(context.Context) error { return nil }

func (f *fake) Kill() { f.ended = true }

func (f *fake) Describe(context.Context, *enrichv1.DescribeRequest, ...grpc.CallOption) (*enrichv1.DescribeResponse,
	error,
) {
	if f.ended {
		return nil, status.Error(codes.Unavailable, "connection refused")
	}
	return &enrichv1.DescribeResponse{Name: "fake", Version: "1"}, nil
}

func (f *fake) Configure(_ context.Context, r *enrichv1.ConfigureRequest,
	_ ...grpc.CallOption,
) (*enrichv1.ConfigureResponse, error) {
	if strings.Contains(r.GetConfigJson(), "no-such-key") {
		return nil, status.Error(codes.InvalidArgument, "no-such-key is unknown")
	}
	return &enrichv1.ConfigureResponse{}, nil
}

func (f *fake) Enrich(ctx context.Context, r *enrichv1.EnrichRequest, _ ...grpc.CallOption) (*enrichv1.EnrichResponse,
	error,
) {
	patches, err := f.enrich(ctx, r.GetRecords())
	return &enrichv1.EnrichResponse{Patches: patches}, err
}

func patchEach(records []*enrichv1.Record) []*enrichv1.Patch {
	patches := make([]*enrichv1.Patch, len(records))
	for i := range patches {
		patches[i] = &enrichv1.Patch{}
	}
	return patches
}

// TestHangIsBounded lets a plugin hang in all ways, one after the other.
func TestHangIsBounded(t *testing.T) {
	hang := func(ctx context.Context, _ []*enrichv1.Record) ([]*enrichv1.Patch, error) {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	for name, enrich := range map[string]func(context.Context, []*enrichv1.Record) ([]*enrichv1.Patch, error){
		"always": hang,
		"with rare records": func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			if records[0].GetPod().GetNamespace() == "" || strings.Contains(records[0].GetInfo(), "日") {
				return hang(ctx, records)
			}
			return patchEach(records), nil
		},
		"slowly": func(_ context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			time.Sleep(1900 * time.Millisecond)
			return patchEach(records), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				report, err := enrichertest.Verify(t.Context(), func(context.Context) (enrichertest.Process, error) {
					return &fake{enrich: enrich}, nil
				}, enrichertest.Options{})
				took := time.Since(start)
				_ = report.Print(t.Output())
				if err != nil || len(report.Broken()) == 0 || took > 3*time.Minute {
					t.Errorf("took %s, broken %v, %v", took, report.Broken(), err)
				}
			})
		})
	}
}

// TestEndIsReported checks that a rule in which the plugin ends says so, and that the
// others are checked all the same.
func TestEndIsReported(t *testing.T) {
	starts := 0
	report, err := enrichertest.Verify(t.Context(), func(context.Context) (enrichertest.Process, error) {
		starts++
		f := &fake{}
		f.enrich = func(_ context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			if len(records) == 1000 {
				f.ended = true // once it has answered
			}
			return patchEach(records), nil
		}
		return f, nil
	}, enrichertest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := result(t, report, "batch-1000"); r.Outcome != enrichertest.Broken || r.Why != "the plugin ended" {
		t.Errorf("%v", r)
	}
	for _, rule := range []string{"suppress", "sparse", "cancelled-call"} {
		if r := result(t, report, rule); r.Outcome != enrichertest.Passed {
			t.Errorf("%v", r)
		}
	}
	if r := result(t, report, "message-size"); r.Why != "the rule batch-1000 is broken" {
		t.Errorf("%v", r)
	}
}

func TestPluginThatDoesNotStartAnew(t *testing.T) {
	starts := 0
	report, err := enrichertest.Verify(t.Context(), func(context.Context) (enrichertest.Process, error) {
		if starts++; starts > 2 {
			return nil, errors.New("no space left")
		}
		return &fake{enrich: func(_ context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error) {
			return patchEach(records), nil
		}}, nil
	}, enrichertest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := result(t, report, "restart"); r.Why != "after it was killed: start it: no space left" {
		t.Errorf("%v", r)
	}
	if r := result(t, report, "shutdown"); r.Outcome != enrichertest.NotReached || r.Why != "the plugin does not start" {
		t.Errorf("%v", r)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{enrich: func(ctx context.Context, _ []*enrichv1.Record) ([]*enrichv1.Patch, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	report, err := enrichertest.Verify(ctx, func(context.Context) (enrichertest.Process, error) { return f, nil },
		enrichertest.Options{})
	if !errors.Is(err, context.Canceled) || len(report.Broken()) > 0 || len(report.Results) == 0 {
		t.Errorf("%v, %v", report, err)
	}
	if !f.ended {
		t.Error("the plugin runs on")
	}
}
