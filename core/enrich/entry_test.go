package enrich

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// TestPodOnly: a plugin that depends on pods only is called once per pod, and again after
// a visible change.
func TestPodOnly(t *testing.T) {
	labels := func(value string) record.Labels { return record.NewLabels(map[string]string{"k": value}) }
	chain := &record.OwnerChain{}
	base := record.Pod{UID: "u", Namespace: "n", Name: "p", Labels: labels("a"), Annotations: labels("a"), Owners: chain}
	with := func(change func(*record.Pod)) *record.Pod {
		p := base
		change(&p)
		return &p
	}
	for name, c := range map[string]struct {
		first, second *record.Pod
		asked         int
	}{
		"the same":    {&base, &base, 1},
		"equal":       {&base, with(func(*record.Pod) {}), 1},
		"node, phase": {&base, with(func(p *record.Pod) { p.Node, p.Phase, p.Reason = "x", "y", "z" }), 1},
		"uid":         {&base, with(func(p *record.Pod) { p.UID = "v" }), 2},
		"name":        {&base, with(func(p *record.Pod) { p.Name = "q" }), 2},
		"namespace":   {&base, with(func(p *record.Pod) { p.Namespace = "m" }), 2},
		"labels":      {&base, with(func(p *record.Pod) { p.Labels = labels("b") }), 2},
		"annotations": {&base, with(func(p *record.Pod) { p.Annotations = labels("b") }), 2},
		"owners":      {&base, with(func(p *record.Pod) { p.Owners = &record.OwnerChain{Owners: []record.Owner{{}}} }), 2},
		"owners come": {with(func(p *record.Pod) { p.Owners = &record.OwnerChain{Pending: true} }), &base, 2},
		"pending twice": {
			with(func(p *record.Pod) { p.Owners = pending }), with(func(p *record.Pod) { p.Owners = pending }), 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			p := &fake{name: "a", patch: func(r *record.Record) Patch { asked++; return named(r) }}
			chain := New([]ChainEntry{{Plugin: p, Timeout: time.Second, PodOnly: true}}, nil, newCounts(),
				slog.New(slog.DiscardHandler))
			for _, pod := range []*record.Pod{c.first, c.second} {
				for _, r := range chain.Enrich(t.Context(), []record.Record{{Pod: pod}, {Pod: pod}}) { // two of an event
					if len(r.Attributes) != 1 || r.Attributes[0].Value.AsString() != pod.Name {
						t.Errorf("attributes %v", r.Attributes)
					}
				}
			}
			if asked != c.asked {
				t.Errorf("asked %d times, want %d", asked, c.asked)
			}
		})
	}
}

var pending = &record.OwnerChain{Pending: true}

// TestNotRemembered: failures and large additions are not cached.
func TestNotRemembered(t *testing.T) {
	for name, patch := range map[string]Patch{
		"own failure": {Error: "no"},
		"broken rule": {Traceparent: "no"},
		"large":       {Attributes: []attribute.KeyValue{attribute.String("a.x", strings.Repeat("x", maxKnownBytes))}},
	} {
		asked := 0
		p := &fake{name: "a", patch: func(*record.Record) Patch { asked++; return patch }}
		chain := New([]ChainEntry{{Plugin: p, Timeout: time.Second, PodOnly: true}}, nil, newCounts(),
			slog.New(slog.DiscardHandler))
		for range 3 {
			chain.Enrich(t.Context(), []record.Record{{Pod: &record.Pod{Name: "p"}}})
		}
		if asked != 3 {
			t.Errorf("%s: asked %d times, want 3", name, asked)
		}
	}
}

// TestOwnFailureIsLogged: the plugin's own errors are in the host's log, at a limited rate.
func TestOwnFailureIsLogged(t *testing.T) {
	log := &bytes.Buffer{}
	p := &fake{name: "a", patch: func(*record.Record) Patch { return Patch{Error: "no such team"} }}
	New(entries(p), nil, newCounts(), slog.New(slog.NewTextHandler(log, nil))).Enrich(t.Context(), recordsOf(10))
	want := `level=WARN msg="plugin fails for a record" plugin=a namespace="" pod=pod-0 error="no such team"`
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), want) {
		t.Errorf("log:\n%swant one line with\n%s", log, want)
	}
}

// TestShared: records with the same cached addition do not affect each other.
func TestShared(t *testing.T) {
	known := &fake{name: "a", patch: named}
	other := &fake{name: "b", patch: func(r *record.Record) Patch {
		return Patch{Attributes: []attribute.KeyValue{attribute.String("b.info", r.Info)}}
	}}
	chain := New([]ChainEntry{{Plugin: known, Timeout: time.Second, PodOnly: true}, {Plugin: other, Timeout: time.Second}},
		nil, newCounts(), slog.New(slog.DiscardHandler))
	pod := &record.Pod{Name: "p"}
	records := chain.Enrich(t.Context(), []record.Record{{Pod: pod, Info: "1"}, {Pod: pod, Info: "2"}})
	for i, want := range []string{"1", "2"} {
		if a := records[i].Attributes; len(a) != 2 || a[1].Value.AsString() != want {
			t.Errorf("record %d: %v", i, a)
		}
	}
}

// TestOneDeadline: many batches of large records share one deadline.
func TestOneDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fake{name: "a", batch: func(ctx context.Context, batch []record.Record) ([]Patch, error) {
			select {
			case <-time.After(190 * time.Millisecond):
				return make([]Patch, len(batch)), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
		records := recordsOf(128)
		for i := range records {
			records[i].Info = strings.Repeat("x", 300<<10)
		}
		start := time.Now()
		records = New([]ChainEntry{{Plugin: p, Timeout: 200 * time.Millisecond}}, nil, newCounts(),
			slog.New(slog.DiscardHandler)).Enrich(t.Context(), records)
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if records[0].Enrichment != "" || records[127].Enrichment != "a: deadline exceeded" {
			t.Errorf("first %q, last %q", records[0].Enrichment, records[127].Enrichment)
		}
	})
}

// TestDeadlines: at most as many records share a deadline as fit into concurrent calls.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fake{name: "a", batch: func(ctx context.Context, batch []record.Record) ([]Patch, error) {
			select {
			case <-time.After(150 * time.Millisecond): // two in a row would be too late
				return make([]Patch, len(batch)), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
		meter := newCounts()
		records := New([]ChainEntry{{Plugin: p, Timeout: 200 * time.Millisecond}}, nil, meter,
			slog.New(slog.DiscardHandler)).Enrich(t.Context(), recordsOf(300))
		for i, r := range records {
			if r.Enrichment != "" {
				t.Fatalf("record %d: %s", i, r.Enrichment)
			}
		}
		if meter.calls[OK] != 5 {
			t.Errorf("calls %v", meter.calls)
		}
	})
}

// TestWarnings: failures are logged at most once a minute.
func TestWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		bad := &fake{
			name:  "bad",
			batch: func(context.Context, []record.Record) ([]Patch, error) { return nil, errors.New("out of cheese") },
		}
		rude := &fake{name: "rude", patch: func(*record.Record) Patch { return Patch{Suppress: true} }}
		away := &fake{
			name:  "away",
			batch: func(context.Context, []record.Record) ([]Patch, error) { return nil, UnavailableError("not running") },
		}
		chain := New(entries(bad, rude, away), nil, newCounts(), slog.New(slog.NewJSONHandler(&log, nil)))
		for range 20 {
			chain.Enrich(t.Context(), recordsOf(64))
			time.Sleep(5 * time.Second)
		}
		for _, want := range []string{"out of cheese", "may not suppress records"} {
			if n := strings.Count(log.String(), want); n != 2 {
				t.Errorf("%q is logged %d times in 100 s, want 2", want, n)
			}
		}
		if strings.Contains(log.String(), "away") {
			t.Error("that a plugin is not running is said by the host")
		}
	})
}
