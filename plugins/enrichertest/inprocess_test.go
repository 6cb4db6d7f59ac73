package enrichertest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
)

// greeter is a plugin whose behaviour a test sets.
type greeter struct {
	enrich func(r *enricher.Record, p *enricher.Patch) error
	closed func() error
	log    *slog.Logger
}

func (*greeter) Describe() enricher.Description {
	return enricher.Description{Name: "greeter", Version: "1.0.0"}
}

func (g *greeter) SetLogger(log *slog.Logger) { g.log = log }

func (g *greeter) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	p.SetString("greeting", "hello "+r.GetPod().GetName())
	if g.enrich != nil {
		return g.enrich(r, p)
	}
	return nil
}

func (g *greeter) Close() error {
	if g.closed != nil {
		return g.closed()
	}
	return nil
}

// fakeTB is a test that may fail.
type fakeTB struct {
	errors []string
	logged strings.Builder
}

func (*fakeTB) Helper() {}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func (f *fakeTB) Logf(format string, args ...any) { fmt.Fprintf(&f.logged, format+"\n", args...) }

// TestConformance is the test that authors write.
func TestConformance(t *testing.T) {
	enrichertest.Test(t, func() enricher.Enricher { return &greeter{} }, enrichertest.Options{})
}

func TestEachStartIsClosedOnce(t *testing.T) {
	var started, closed atomic.Int64
	enrichertest.Test(t, func() enricher.Enricher {
		started.Add(1)
		return &greeter{closed: func() error {
			closed.Add(1)
			return nil
		}}
	}, enrichertest.Options{})
	if started.Load() < 3 || started.Load() != closed.Load() {
		t.Errorf("%d started, %d closed", started.Load(), closed.Load())
	}
}

func TestBrokenInProcess(t *testing.T) {
	for name, tc := range map[string]struct {
		plugin  *greeter
		options enrichertest.Options
		want    []string // beginnings of errors
		logged  string
	}{
		"a key of another": {
			plugin: &greeter{enrich: func(_ *enricher.Record, p *enricher.Patch) error {
				p.SetString("Upper", "x")
				return nil
			}},
			want: []string{`rule attributes: patch 1 of 64: attribute "greeter.Upper" has a character other than`},
		},
		"panic": {
			plugin: &greeter{enrich: func(r *enricher.Record, _ *enricher.Patch) error {
				if r.GetContainer().GetName() == "" && r.GetPod().GetNamespace() == "" {
					panic("no container")
				}
				return nil
			}},
			want: []string{
				"rule sparse: with nothing but a pod's name: Enrich with one record: Internal: panic: no container",
			},
			logged: "inprocess_test.go", // the stack
		},
		"close fails": {
			plugin: &greeter{closed: func() error { return errors.New("file is locked") }},
			want:   []string{"rule shutdown: close: file is locked"},
		},
		"options": {
			plugin:  &greeter{},
			options: enrichertest.Options{Config: "[]"},
			want:    []string{`options: Config "[]": must be a JSON object`},
		},
		"bad options": {
			plugin:  &greeter{},
			options: enrichertest.Options{BadConfig: "null"},
			want:    []string{`options: BadConfig "null": must be a JSON object`},
		},
		"times": {
			plugin:  &greeter{},
			options: enrichertest.Options{Timeout: -1},
			want:    []string{"options: the values of Timeout and StartTimeout must not be negative"},
		},
		"a configuration that it does not have": {
			plugin:  &greeter{},
			options: enrichertest.Options{Config: `{"a":1}`, BadConfig: `{"b":2}`},
			want:    []string{"rule configure-good: Configure: InvalidArgument: a: unknown key"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tb := &fakeTB{}
			enrichertest.Test(tb, func() enricher.Enricher {
				fresh := *tc.plugin
				return &fresh
			}, tc.options)
			checkErrors(t, tb.errors, tc.want)
			if !strings.Contains(tb.logged.String(), tc.logged) {
				t.Errorf("logged %s, want %q", tb.logged.String(), tc.logged)
			}
		})
	}
}

func checkErrors(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("errors %q, want %q", got, want)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("error %q, want %q", got[i], want[i])
		}
	}
}

func TestLogOfPluginIsThatOfTheTest(t *testing.T) {
	tb := &fakeTB{}
	var plugin *greeter
	enrichertest.Test(tb, func() enricher.Enricher {
		plugin = &greeter{}
		plugin.enrich = func(*enricher.Record, *enricher.Patch) error {
			plugin.log.Debug("asked")
			return nil
		}
		return plugin
	}, enrichertest.Options{})
	before := tb.logged.String()
	if !strings.Contains(before, "level=DEBUG msg=asked") {
		t.Errorf("logged %s", before)
	}
	plugin.log.Info("late") // a test must not log after its end
	if tb.logged.String() != before {
		t.Error("logs after the end")
	}
}

func TestSuppressIsAllowed(t *testing.T) {
	enrichertest.Test(t, func() enricher.Enricher {
		return &greeter{enrich: func(_ *enricher.Record, p *enricher.Patch) error {
			p.Suppress()
			return nil
		}}
	}, enrichertest.Options{AllowSuppress: true})
}

func TestUnsteadyAnswersAreNotCompared(t *testing.T) {
	var n atomic.Int64
	report := verify(t, func() enricher.Enricher {
		return &greeter{enrich: func(_ *enricher.Record, p *enricher.Patch) error {
			p.SetInt("count", n.Add(1))
			return nil
		}}
	})
	for _, rule := range []string{"order", "concurrent", "restart"} {
		r := result(t, report, rule)
		if r.Outcome != enrichertest.NotChecked || r.Why != "its answers differ from call to call" {
			t.Errorf("%v", r)
		}
	}
	if broken := report.Broken(); len(broken) > 0 {
		t.Errorf("broken: %v", broken)
	}
}

func TestOnlyErrors(t *testing.T) {
	report := verify(t, func() enricher.Enricher { return failing{} })
	want := `all of 64 records are answered with an error, the first with "no database"`
	if r := result(t, report, "answers"); r.Outcome != enrichertest.Broken || !strings.HasPrefix(r.Why, want) {
		t.Errorf("%v", r)
	}
	if r := result(t, report, "attributes"); r.Outcome != enrichertest.NotReached {
		t.Errorf("%v", r)
	}
	if r := result(t, report, "errors"); r.Outcome != enrichertest.Passed {
		t.Errorf("%v", r)
	}
}

type failing struct{}

func (failing) Describe() enricher.Description {
	return enricher.Description{Name: "failing", Version: "1.0.0"}
}

func (failing) Enrich(context.Context, *enricher.Record, *enricher.Patch) error {
	return errors.New("no database")
}

// verify returns the report that [enrichertest.Test] makes errors of.
func verify(t *testing.T, newPlugin func() enricher.Enricher) (report enrichertest.Report) {
	t.Helper()
	enrichertest.Test(&fakeTB{}, newPlugin, enrichertest.Options{Each: func(r enrichertest.Result) {
		report.Results = append(report.Results, r)
	}})
	return report
}

func result(t *testing.T, report enrichertest.Report, rule string) enrichertest.Result {
	t.Helper()
	for _, r := range report.Results {
		if r.Rule == rule {
			return r
		}
	}
	t.Fatalf("no rule %s", rule)
	return enrichertest.Result{}
}
