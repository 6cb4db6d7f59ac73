package pipeline

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// enricherFunc is an Enricher.
type enricherFunc func(records []record.Record) []record.Record

func (f enricherFunc) Enrich(_ context.Context, records []record.Record) []record.Record {
	return f(records)
}

// window is what an enricher was given at once: how many records, and the
// names of the first and the last pod.
type window struct {
	n           int
	first, last string
}

func windowOf(records []record.Record) window {
	return window{len(records), records[0].Pod.Name, records[len(records)-1].Pod.Name}
}

func added(n int) (events []watch.Event) {
	for i := range n {
		events = append(events, event(watch.Added, "", pod("a", strconv.Itoa(i))))
	}
	return events
}

// TestWindows: the records of a group are enriched together, in order.
func TestWindows(t *testing.T) {
	for name, c := range map[string]struct {
		events int
		want   []window
	}{
		"one":            {1, []window{{1, "0", "0"}}},
		"a whole group":  {256, []window{{256, "0", "255"}}},
		"another group":  {257, []window{{256, "0", "255"}, {1, "256", "256"}}},
		"groups of many": {600, []window{{256, "0", "255"}, {256, "256", "511"}, {88, "512", "599"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []window
			s := &sink{}
			enrich := enricherFunc(func(records []record.Record) []record.Record {
				got = append(got, windowOf(records))
				for _, r := range records {
					if r.Seq != 0 {
						t.Errorf("%s is numbered before it is known to be emitted", r.Pod.Name)
					}
				}
				return records
			})
			run(t, s, enrich, added(c.events)...)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(window{})); diff != "" {
				t.Errorf("windows (-want +got):\n%s", diff)
			}
			checkAll(t, s, c.events)
		})
	}
}

// run has a pipeline take the events, and returns it.
func run(t *testing.T, s *sink, e Enricher, events ...watch.Event) *Pipeline {
	t.Helper()
	p := newPipeline(Settings{Emitter: s, Enricher: e, Meter: &meter{}})
	if err := p.Run(t.Context(), send(events...)); err != nil {
		t.Fatal(err)
	}
	return p
}

// checkAll checks the records of the first pods, in order and numbered from 1.
func checkAll(t *testing.T, s *sink, n int) {
	t.Helper()
	if len(s.emitted) != n {
		t.Fatalf("%d records, want %d", len(s.emitted), n)
	}
	for i, got := range s.emitted {
		if want := "create a/" + strconv.Itoa(i); got != want || s.seqs[i] != uint64(i)+1 {
			t.Fatalf("record %d is %q with seq %d, want %q with %d", i, got, s.seqs[i], want, i+1)
		}
	}
}

// TestEnriched: records are emitted as the enricher returned them, and those of one event
// may be in two windows.
func TestEnriched(t *testing.T) {
	events := added(maxPending - 1)
	// pods after a complete list are recovered
	events = append(events, event(watch.Listing, "", nil), event(watch.Listed, "", nil),
		event(watch.Listing, "", nil), event(watch.Present, "", pod("b", "found", waits)))
	s := &sink{}
	var windows []int
	run(t, s, enricherFunc(func(records []record.Record) []record.Record {
		windows = append(windows, len(records))
		for i := range records {
			r := &records[i]
			r.Pod = &record.Pod{Namespace: strings.ToUpper(r.Pod.Namespace), Name: r.Pod.Name}
		}
		return records
	}), events...)
	for _, got := range s.emitted {
		if !strings.Contains(got, " A/") && !strings.Contains(got, " B/") {
			t.Fatalf("emitted as it was before: %s", got)
		}
	}
	// 511 come in two groups, 511 go as the list does not have them, and the last pod has two records.
	if diff := cmp.Diff([]int{256, 255, 512, 1}, windows); diff != "" {
		t.Errorf("records in windows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"create B/found recovered", "update B/found c waiting recovered"},
		s.emitted[len(s.emitted)-2:]); diff != "" {
		t.Errorf("last records (-want +got):\n%s", diff)
	}
}

// TestSuppressed: suppressed records are neither emitted nor numbered, but the state of the
// pod changes: later records are the same.
func TestSuppressed(t *testing.T) {
	for name, c := range map[string]struct {
		suppress func(r *record.Record) bool
		want     []string
	}{
		"nothing": {
			func(*record.Record) bool { return false },
			[]string{
				"create a/p", "create a/q", "update a/p c waiting", "update a/p c running", "delete a/p", "delete a/q recovered",
			},
		},
		"everything": {func(*record.Record) bool { return true }, nil},
		"creations": {
			func(r *record.Record) bool { return r.Action == record.Create },
			[]string{"update a/p c waiting", "update a/p c running", "delete a/p", "delete a/q recovered"},
		},
		"a pod": {
			func(r *record.Record) bool { return r.Pod.Name == "p" }, []string{"create a/q", "delete a/q recovered"},
		},
		"one state": {
			func(r *record.Record) bool { return r.State == record.Waiting },
			[]string{"create a/p", "create a/q", "update a/p c running", "delete a/p", "delete a/q recovered"},
		},
		"what is gone": {
			func(r *record.Record) bool { return r.Action == record.Delete },
			[]string{"create a/p", "create a/q", "update a/p c waiting", "update a/p c running"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			p := run(t, s, suppress(c.suppress),
				event(watch.Added, "", pod("a", "p")), event(watch.Added, "", pod("a", "q")),
				event(watch.Modified, "", pod("a", "p", waits)), event(watch.Modified, "", pod("a", "p", waits)),
				event(watch.Modified, "", pod("a", "p", runs)), event(watch.Modified, "", pod("a", "p", runs)),
				event(watch.Deleted, "", pod("a", "p", runs)),
				event(watch.Listing, "", nil), event(watch.Listed, "", nil),
			)
			if diff := cmp.Diff(c.want, s.emitted); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			for i, seq := range s.seqs {
				if seq != uint64(i)+1 {
					t.Errorf("record %d has seq %d, want no holes", i, seq)
				}
			}
			if p.Pods() != 0 {
				t.Errorf("%d pods known, want none", p.Pods())
			}
		})
	}
}

// suppress is an enricher that leaves records out in place, as package enrich does.
func suppress(which func(*record.Record) bool) Enricher {
	return enricherFunc(func(records []record.Record) []record.Record {
		kept := records[:0]
		for i := range records {
			if !which(&records[i]) {
				kept = append(kept, records[i])
			}
		}
		return kept
	})
}

// TestAllSuppressed: if no record of a group is left, nothing is written or committed.
func TestAllSuppressed(t *testing.T) {
	s, m := &sink{}, &meter{}
	p := newPipeline(Settings{Emitter: s, Meter: m, Enricher: suppress(func(*record.Record) bool { return true })})
	if err := p.Run(t.Context(), send(added(maxGroup+1)...)); err != nil {
		t.Fatal(err)
	}
	if len(s.emitted) != 0 || s.writes != 0 || m.groups != 0 || p.seq != 0 {
		t.Errorf("%d records, %d writes, %d groups, seq %d, want none", len(s.emitted), s.writes, m.groups, p.seq)
	}
	if p.Pods() != maxGroup+1 {
		t.Errorf("%d pods known, want %d", p.Pods(), maxGroup+1)
	}
}

// TestAllGone: an event can have as many records as there are pods; they are
// enriched in windows, numbered over all of them, and nothing of them is kept.
func TestAllGone(t *testing.T) {
	const n = 5000
	events := append(added(n), event(watch.Listing, "", nil), event(watch.Listed, "", nil))
	s, most, gone := &sink{}, 0, map[string]bool{}
	p := run(t, s, enricherFunc(func(records []record.Record) []record.Record {
		most = max(most, len(records))
		for _, r := range records {
			if r.Action == record.Delete {
				gone[r.Pod.Name] = true
			}
		}
		return records
	}), events...)
	if len(gone) != n || len(s.emitted) != 2*n || s.seqs[2*n-1] != 2*n {
		t.Errorf("%d pods gone in %d records to seq %d, want %d in %d", len(gone), len(s.emitted), s.seqs[len(s.seqs)-1], n,
			2*n)
	}
	if most != maxPending {
		t.Errorf("up to %d records at once, want %d", most, maxPending)
	}
	checkNothingPending(t, p)
}

// checkNothingPending sees that the pipeline holds on to no record, also not
// behind the end of the slice.
func checkNothingPending(t *testing.T, p *Pipeline) {
	t.Helper()
	if len(p.pending) != 0 || cap(p.pending) > 2*maxPending {
		t.Errorf("%d records pending in %d places, want none in some", len(p.pending), cap(p.pending))
	}
	for i, r := range p.pending[:cap(p.pending)] {
		if r.Pod != nil || r.Attributes != nil || r.Message != "" {
			t.Fatalf("place %d still has %q", i, r.Message)
		}
	}
}

// TestNothingKept: once a group is got, its records are free, suppressed ones
// and those after a sink that failed, too.
func TestNothingKept(t *testing.T) {
	for name, c := range map[string]struct {
		enricher Enricher
		emitter  Emitter
		fails    bool
	}{
		"no enricher": {nil, &sink{}, false},
		"enricher":    {enricherFunc(func(records []record.Record) []record.Record { return records }), &sink{}, false},
		"suppressed":  {suppress(func(r *record.Record) bool { return r.Pod.Name != "7" }), &sink{}, false},
		"sink fails":  {nil, failing{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipeline(Settings{Rules: status.Rules{}, Emitter: c.emitter, Enricher: c.enricher, Meter: &meter{}})
			if err := p.Run(t.Context(), send(added(200)...)); (err != nil) != c.fails {
				t.Fatal(err)
			}
			checkNothingPending(t, p)
		})
	}
	t.Run("freed", func(t *testing.T) {
		freed := make(chan string, 1)
		enrich := enricherFunc(func(records []record.Record) []record.Record {
			runtime.AddCleanup(records[0].Pod, func(name string) { freed <- name }, records[0].Pod.Name)
			return records
		})
		p := run(t, &sink{}, enrich,
			event(watch.Added, "", pod("a", "p", func(p *corev1.Pod) { p.Labels = map[string]string{"a": "b"} })))
		for range 100 {
			runtime.GC()
			select {
			case <-freed:
				runtime.KeepAlive(p)
				return
			default:
				runtime.Gosched()
			}
		}
		t.Error("what a record refers to is still held")
	})
}

// failing is an emitter that takes nothing.
type failing struct{}

func (failing) Emit(context.Context, *record.Record) error { return context.DeadlineExceeded }
func (failing) Staged() int                                { return 0 }
func (failing) Take() emit.Staged                          { return emit.Staged{} }
func (failing) Write(context.Context, emit.Staged) error   { return nil }

// TestNoEnricher: without one the records are the same, and as soon as with one.
func TestNoEnricher(t *testing.T) {
	with, without := &sink{}, &sink{}
	events := append(added(300), event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "0", runs)))
	run(t, with, enricherFunc(func(records []record.Record) []record.Record { return records }), events...)
	run(t, without, nil, events...)
	if diff := cmp.Diff(with.emitted, without.emitted); diff != "" {
		t.Errorf("records with and without an enricher (-with +without):\n%s", diff)
	}
	if diff := cmp.Diff(with.seqs, without.seqs); diff != "" {
		t.Errorf("numbers with and without an enricher (-with +without):\n%s", diff)
	}
	if with.writes != without.writes {
		t.Errorf("%d writes without, %d with", without.writes, with.writes)
	}
}
