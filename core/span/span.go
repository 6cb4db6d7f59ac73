package span

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Shortest is the least length of a span: backends take a length of zero for a negative one.
const Shortest = time.Millisecond

// Names of spans.
const (
	Rollout        = "rollout"
	RolloutStarted = "rollout started"
	PodStart       = "pod start"
	PodStop        = "pod stop"
	Incident       = "incident"

	Schedule     = "schedule"
	Sandbox      = "sandbox"
	Init         = "init"
	Create       = "create"
	BackOff      = "back-off"
	StartToReady = "start to ready"
	Run          = "run"
)

// Span is a complete span.
type Span struct {
	Trace      trace.TraceID
	ID, Parent trace.SpanID // no parent: zero
	Name       string
	Server     bool   // of kind SERVER, else INTERNAL
	Error      string // error.type; empty: the span has no error
	Start, End time.Time
	Attributes []attribute.KeyValue
	Resource   []attribute.KeyValue
	Links      []trace.SpanContext
}

// Within moves start and end of the span into those of its parent, without making it shorter than [Shortest]. The
// parent must not be shorter either.
func (s *Span) Within(start, end time.Time) {
	s.Start, s.End = within(s.Start, s.End, start, end)
}

func within(from, to, start, end time.Time) (time.Time, time.Time) {
	if from.Before(start) {
		from = start
	}
	if to.After(end) {
		to = end
	}
	if latest := end.Add(-Shortest); from.After(latest) {
		from = latest
	}
	if least := from.Add(Shortest); to.Before(least) {
		to = least
	}
	return from, to
}

// Refine returns the time of an event that Kubernetes gives in seconds. received is when the event was received: if
// that is within the same second, it is as right and more exact.
func Refine(t, received time.Time) time.Time {
	if !t.IsZero() && received.Truncate(time.Second).Equal(t) {
		return received
	}
	return t
}

// Later returns the later one of two times.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
