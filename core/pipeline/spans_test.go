package pipeline

import (
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/tracing"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// tracer makes three spans at once, and counts changes that were not settled.
type tracer struct{ observed int }

func (t *tracer) Observe(tracing.Change)             { t.observed++ }
func (*tracer) Identify(*record.Record)              {}
func (t *tracer) Settle() []span.Span                { t.observed = 0; return make([]span.Span, 3) }
func (*tracer) Tick(time.Time) []span.Span           { return nil }
func (*tracer) Changes() map[string][]byte           { return nil }
func (*tracer) Restore(string, []byte) (bool, error) { return false, nil }
func encodeSpans(spans []span.Span) (encoded [][]byte) {
	for range spans {
		encoded = append(encoded, make([]byte, 10))
	}
	return encoded
}

// TestSpansOfChangesWithoutRecord: changes without a record are settled without a state directory, too, and leave no
// memory behind.
func TestSpansOfChangesWithoutRecord(t *testing.T) {
	made := &tracer{}
	p := newPipeline(Settings{Emitter: &sink{}, Meter: &meter{}, Spans: &Spans{
		Tracer: made, Encode: encodeSpans, Room: func() int64 { return 100 }, OnLost: func(int) {},
	}})
	again := pod("a", "p", runs)
	again.ResourceVersion = "2"
	if err := p.process(t.Context(), time.Now(), func() error {
		return p.takeGroup(t.Context(), event(watch.Added, "", pod("a", "p", runs)), nil)
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.process(t.Context(), time.Now(), func() error {
		return p.takeGroup(t.Context(), event(watch.Modified, "", again), nil)
	}); err != nil {
		t.Fatal(err)
	}
	if made.observed == 0 || p.overdue == nil {
		t.Errorf("%d changes wait, and a commit for them: %t", made.observed, p.overdue != nil)
	}
}

// TestSpansFit: a group has no more spans than the journal has room for, and the others count as lost.
func TestSpansFit(t *testing.T) {
	for room, want := range map[int64]int{-5: 0, 0: 0, 9: 0, 10: 1, 29: 2, 30: 3, 1000: 3} {
		lost := 0
		s := &Spans{
			Encode: encodeSpans, Room: func() int64 { return room }, OnLost: func(spans int) { lost += spans },
		}
		if got := len(s.fit(make([]span.Span, 3))); got != want || lost != 3-want {
			t.Errorf("room for %d bytes: %d spans, %d lost, want %d", room, got, lost, want)
		}
	}
}
