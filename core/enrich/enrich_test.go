package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a plugin made of a function for each record, or for the batch.
type fake struct {
	name  string
	patch func(r *record.Record) Patch
	batch func(ctx context.Context, batch []record.Record) ([]Patch, error)
}

func (f *fake) Name() string { return f.name }

func (f *fake) Patch(ctx context.Context, batch []record.Record) ([]Patch, error) {
	if f.batch != nil {
		return f.batch(ctx, batch)
	}
	patches := make([]Patch, len(batch))
	for i := range batch {
		patches[i] = f.patch(&batch[i])
	}
	return patches, nil
}

// named gives each record an attribute with its pod's name.
func named(r *record.Record) Patch {
	return Patch{Attributes: []attribute.KeyValue{attribute.String("a.pod", r.Pod.Name)}}
}

// counts is a meter.
type counts struct {
	mu    sync.Mutex
	calls map[Outcome]int
	other map[string]int
}

func newCounts() *counts { return &counts{calls: map[Outcome]int{}, other: map[string]int{}} }

func (c *counts) PluginCall(_ string, o Outcome, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[o]++
}

func (c *counts) PluginFailed(plugin string)     { c.add("failed " + plugin) }
func (c *counts) PluginSuppressed(plugin string) { c.add("suppressed " + plugin) }
func (c *counts) OwnersPending(reason string)    { c.add("pending " + reason) }

func (c *counts) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.other[what]++
}

func recordsOf(n int) []record.Record {
	records := make([]record.Record, n)
	for i := range records {
		records[i].Pod = &record.Pod{Name: fmt.Sprintf("pod-%d", i)}
	}
	return records
}

func entries(plugins ...Plugin) (all []ChainEntry) {
	for _, p := range plugins {
		all = append(all, ChainEntry{Plugin: p, Timeout: time.Second})
	}
	return all
}

// TestOrder: each record gets its own patch, in whatever order batches are answered.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most, batches atomic.Int32
		p := &fake{name: "a"}
		p.batch = func(_ context.Context, batch []record.Record) ([]Patch, error) {
			most.Store(max(most.Load(), inFlight.Add(1)))
			defer inFlight.Add(-1)
			time.Sleep(time.Duration(10-batches.Add(1)) * time.Millisecond) // the first comes last
			return (&fake{patch: named}).Patch(t.Context(), batch)
		}
		meter := newCounts()
		records := New(entries(p), nil, meter, slog.New(slog.DiscardHandler)).Enrich(t.Context(), recordsOf(200))
		if len(records) != 200 {
			t.Fatalf("%d records", len(records))
		}
		for i, r := range records {
			if r.Pod.Name != fmt.Sprintf("pod-%d", i) || r.Attributes[0].Value.AsString() != r.Pod.Name || r.Enrichment != "" {
				t.Errorf("record %d: %s %v %s", i, r.Pod.Name, r.Attributes, r.Enrichment)
			}
		}
		if most.Load() != maxInFlight || meter.calls[OK] != 4 {
			t.Errorf("%d in flight, calls %v", most.Load(), meter.calls)
		}
	})
}

// TestMerge: each kind of answer has its effect on a record.
func TestMerge(t *testing.T) {
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	const other = "00-11111111111111111111111111111111-2222222222222222-00"
	str := attribute.String
	many := make([]attribute.KeyValue, record.MaxAttributes+1)
	for i := range many {
		many[i] = attribute.Int(fmt.Sprintf("a.%d", i), i)
	}
	for name, c := range map[string]struct {
		a, b  Patch
		keys  string
		trace string
		why   string
	}{
		"nothing": {},
		"both, in order": {
			a: Patch{Attributes: []attribute.KeyValue{str("a.x", "1"), attribute.Int("a.n", 2)}},
			b: Patch{Attributes: []attribute.KeyValue{str("b.x", "")}}, keys: "a.x a.n b.x",
		},
		"first trace wins": {
			a: Patch{Traceparent: good, Tracestate: "v=1"}, b: Patch{Traceparent: other},
			trace: "0af7651916cd43dd8448eb211c80319c",
		},
		"second trace": {b: Patch{Traceparent: other}, trace: "11111111111111111111111111111111"},
		"no trace":     {a: Patch{Traceparent: "00-zero"}, why: `a: traceparent "00-zero" is not a W3C trace context`},
		"all zero": {
			a:   Patch{Traceparent: "00-00000000000000000000000000000000-0000000000000000-01"},
			why: `a: traceparent "00-00000000000000000000000000000000-0000000000000000-01" is not a W3C trace context`,
		},
		"foreign key": {
			a: Patch{Attributes: []attribute.KeyValue{str("a.ok", ""), str("b.x", "1")}},
			b: Patch{Attributes: []attribute.KeyValue{str("b.x", "2")}}, keys: "b.x",
			why: `a: attribute "b.x" does not begin with "a." and a name`,
		},
		"bare prefix": {
			a:   Patch{Attributes: []attribute.KeyValue{str("a.", "1")}},
			why: `a: attribute "a." does not begin with "a." and a name`,
		},
		"odd character": {
			a:   Patch{Attributes: []attribute.KeyValue{str("a.x y", "1")}},
			why: `a: attribute "a.x y" has a character other than a-z, 0-9 and ._-/`,
		},
		"twice": {
			a:   Patch{Attributes: []attribute.KeyValue{str("a.x", "1"), str("a.x", "2")}},
			why: `a: attribute "a.x" is a duplicate`,
		},
		"too many": {a: Patch{Attributes: many}, why: "a: 65 attributes, at most 64 are allowed"},
		"at most": {
			a:    Patch{Attributes: many[:1]},
			b:    Patch{Attributes: []attribute.KeyValue{str("b.x", strings.Repeat("x", record.MaxAttributeValue))}},
			keys: "a.0 b.x",
		},
		"too long": {a: Patch{Attributes: []attribute.KeyValue{str("a.x",
			strings.Repeat("x", record.MaxAttributeValue+1))}}, why: `a: attribute "a.x" has 4097 bytes, at most 4096 are allowed`},
		"long key": {
			a:   Patch{Attributes: []attribute.KeyValue{str("a."+strings.Repeat("x", 255), "1")}},
			why: `a: the key of attribute "a.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... has 257 bytes, at most 255 are allowed`,
		},
		"no value": {
			a:   Patch{Attributes: []attribute.KeyValue{{Key: "a.x"}}},
			why: `a: attribute "a.x" has no value of type string, bool, int or double`,
		},
		"not finite": {
			a:   Patch{Attributes: []attribute.KeyValue{attribute.Float64("a.x", math.Inf(1))}},
			why: `a: attribute "a.x" is +Inf; a number has to be finite`,
		},
		"own failure": {
			a: Patch{Attributes: []attribute.KeyValue{str("a.x", "1")}, Error: "no such team"},
			b: Patch{Error: strings.Repeat("é", 200)}, keys: "a.x",
			why: "a: no such team; b: " + strings.Repeat("é", 128) + "...",
		},
		"may not suppress": {a: Patch{Suppress: true}, why: "a: may not suppress records; set allowSuppress to allow it"},
	} {
		t.Run(name, func(t *testing.T) {
			give := func(p Patch) func(*record.Record) Patch { return func(*record.Record) Patch { return p } }
			chain := New(entries(&fake{name: "a", patch: give(c.a)}, &fake{name: "b", patch: give(c.b)}), nil, newCounts(),
				slog.New(slog.DiscardHandler))
			records := chain.Enrich(t.Context(), recordsOf(1))
			if len(records) != 1 {
				t.Fatal("the record is lost")
			}
			r := records[0]
			var keys []string
			for _, kv := range r.Attributes {
				keys = append(keys, string(kv.Key))
			}
			trace := ""
			if r.SpanContext.IsValid() {
				trace = r.SpanContext.TraceID().String()
			}
			if diff := cmp.Diff([]string{c.keys, c.trace, c.why},
				[]string{strings.Join(keys, " "), trace, r.Enrichment}); diff != "" {
				t.Errorf("keys, trace, enrichment (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFailures: whatever a plugin does, all records are returned in order, with the
// attributes of the other plugin and the reason for the missing ones, within the deadline.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		batch   func(ctx context.Context, batch []record.Record) ([]Patch, error)
		why     string
		outcome Outcome
		delay   time.Duration
	}{
		"error": {
			func(context.Context, []record.Record) ([]Patch, error) { return nil, errors.New("it ended") }, "it ended", Failed,
			0,
		},
		"too few": {
			func(_ context.Context, b []record.Record) ([]Patch, error) { return make([]Patch, len(b)-1), nil },
			"63 patches for 64 records", Invalid, 0,
		},
		"too many": {
			func(_ context.Context, b []record.Record) ([]Patch, error) { return make([]Patch, len(b)+1), nil },
			"65 patches for 64 records", Invalid, 0,
		},
		"not running": {func(context.Context, []record.Record) ([]Patch, error) {
			return nil,
				UnavailableError("not running")
		}, "not running", Skipped, 0},
		"late": {func(ctx context.Context, _ []record.Record) ([]Patch, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, "deadline exceeded", Late, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				meter := newCounts()
				chain := New(entries(&fake{name: "bad", batch: c.batch}, &fake{name: "a", patch: named}), nil, meter,
					slog.New(slog.DiscardHandler))
				start := time.Now()
				records := chain.Enrich(t.Context(), recordsOf(128))
				if took := time.Since(start); took != c.delay {
					t.Errorf("took %v, want %v", took, c.delay)
				}
				for i, r := range records {
					if r.Enrichment != "bad: "+c.why || r.Attributes[0].Value.AsString() != fmt.Sprintf("pod-%d", i) {
						t.Fatalf("record %d: %q, %v", i, r.Enrichment, r.Attributes)
					}
				}
				if len(records) != 128 || meter.calls[c.outcome] != 2 || meter.other["failed bad"] != 128 {
					t.Errorf("%d records, calls %v, %v", len(records), meter.calls, meter.other)
				}
			})
		})
	}
}

// TestSuppress: suppression has to be allowed, and is counted.
func TestSuppress(t *testing.T) {
	p := &fake{
		name: "a", patch: func(r *record.Record) Patch { return Patch{Suppress: strings.HasSuffix(r.Pod.Name, "1")} },
	}
	meter := newCounts()
	records := New([]ChainEntry{{Plugin: p, Timeout: time.Second, AllowSuppress: true}}, nil, meter,
		slog.New(slog.DiscardHandler)).Enrich(t.Context(), recordsOf(12))
	var names []string
	for _, r := range records {
		names = append(names, r.Pod.Name)
	}
	if diff := cmp.Diff("pod-0 pod-2 pod-3 pod-4 pod-5 pod-6 pod-7 pod-8 pod-9 pod-10",
		strings.Join(names, " ")); diff != "" {
		t.Error(diff)
	}
	if meter.other["suppressed a"] != 2 {
		t.Errorf("%v", meter.other)
	}
}

// TestWithoutPod: records without a pod go to no plugin, and keep their places.
func TestWithoutPod(t *testing.T) {
	p := &fake{name: "a", patch: func(r *record.Record) Patch {
		patch := named(r)
		patch.Suppress = r.Pod.Name == "pod-2"
		return patch
	}}
	owners := ownersFunc(func(pods []*record.Pod) {
		if slices.Contains(pods, nil) {
			t.Error("owners of no pod are looked up")
		}
	})
	records := recordsOf(6)
	for _, i := range []int{0, 3, 5} {
		records[i] = record.Record{Action: record.Gap, Seq: uint64(i)}
	}
	chain := New([]ChainEntry{{Plugin: p, Timeout: time.Second, AllowSuppress: true}}, owners, newCounts(),
		slog.New(slog.DiscardHandler))
	var got []string
	for _, r := range chain.Enrich(t.Context(), records) {
		if r.Pod == nil {
			got = append(got, fmt.Sprintf("gap %d", r.Seq))
		} else {
			got = append(got, r.Attributes[0].Value.AsString())
		}
	}
	if diff := cmp.Diff([]string{"gap 0", "pod-1", "gap 3", "pod-4", "gap 5"}, got); diff != "" {
		t.Error(diff)
	}
}

// ownersFunc implements Owners.
type ownersFunc func(pods []*record.Pod)

func (f ownersFunc) Find(_ context.Context, pods []*record.Pod)        { f(pods) }
func (f ownersFunc) FindInitial(_ context.Context, pods []*record.Pod) { f(pods) }

// TestOwners: the owners of each pod are looked up once, before plugins are called. A
// record has the reason if they are late.
func TestOwners(t *testing.T) {
	looked := 0
	owners := ownersFunc(func(pods []*record.Pod) {
		looked += len(pods)
		for _, p := range pods {
			p.Owners = &record.OwnerChain{Pending: p.Name == "pod-1"}
		}
	})
	p := &fake{name: "a", patch: func(r *record.Record) Patch {
		if r.Pod.Owners == nil {
			t.Error("the plugin is asked before the owners are there")
		}
		return named(r)
	}}
	records := recordsOf(3)
	records = append(records, records[2]) // of the same event
	records = New(entries(p), owners, newCounts(), slog.New(slog.DiscardHandler)).Enrich(t.Context(), records)
	for i, want := range []string{"", "owners: deadline exceeded", "", ""} {
		if records[i].Enrichment != want {
			t.Errorf("record %d: %q, want %q", i, records[i].Enrichment, want)
		}
	}
	if looked != 3 {
		t.Errorf("%d pods looked up, want 3", looked)
	}
}

// TestOwnersOfMany: at most as many pods share a deadline as records that of a plugin.
func TestOwnersOfMany(t *testing.T) {
	var sizes []int
	owners := ownersFunc(func(pods []*record.Pod) { sizes = append(sizes, len(pods)) })
	New(entries(&fake{name: "a", patch: named}), owners, newCounts(), slog.New(slog.DiscardHandler)).Enrich(t.Context(),
		recordsOf(300))
	if !slices.Equal(sizes, []int{128, 128, 44}) {
		t.Errorf("looked up %v at a time", sizes)
	}
}

// TestSplit: no batch is too large, in records or in bytes.
func TestSplit(t *testing.T) {
	records := recordsOf(300)
	for i := range 10 {
		records[100+i].Info = strings.Repeat("x", 300<<10)
	}
	records[200].Info = strings.Repeat("x", 2<<20) // alone
	var sizes []int
	total := 0
	for _, batch := range split(records) {
		sizes = append(sizes, len(batch))
		total += len(batch)
		bytes := 0
		for i := range batch {
			bytes += batch[i].Size()
		}
		if len(batch) > maxBatch || bytes > maxBatchBytes && len(batch) > 1 {
			t.Errorf("batch of %d records and %d bytes", len(batch), bytes)
		}
	}
	if total != 300 {
		t.Errorf("%d records in batches %v", total, sizes)
	}
	if split(nil) != nil {
		t.Error("no records are no batch")
	}
}
