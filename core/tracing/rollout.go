package tracing

import (
	"cmp"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/span/podspan"
)

// Results of a rollout, as the semantic conventions name those of a pipeline.
const (
	success      = "success"
	failure      = "failure"
	timeout      = "timeout"
	cancellation = "cancellation"
)

// join makes a pod a part of its rollout, or of none if that has ended.
func (t *Tracker) join(l *life, o *observation, id identity) {
	l.Joined, l.Trace = true, traceID(id.trace)
	if !id.trace.IsValid() {
		l.Apart = true
		return
	}
	r := t.rollouts[l.Trace]
	if r == nil && t.active < maxActive {
		r = t.begin(id, o)
	}
	if r == nil || !r.active() {
		l.Apart = true
		return
	}
	r.Seen++
	r.Unready++
	r.Created = span.Later(r.Created, o.at)
	if o.Created.Before(r.Started) {
		r.Started = o.Created
	}
	l.Number = r.Seen
	t.dirtyRollouts[r.Trace] = struct{}{}
}

// begin begins the rollout of a version, which cancels that of another version of the bundle.
func (t *Tracker) begin(id identity, o *observation) *rollout {
	for _, other := range t.rollouts {
		if other.active() && other.Bundle == id.bundle && id.bundle != "" {
			t.end(other, cancellation, o.at)
		}
	}
	r := &rollout{
		Trace: traceID(id.trace), Parent: spanID(id.parent), Bundle: id.bundle, Name: id.name, Version: id.version,
		Started: o.Created, Created: o.at,
	}
	t.rollouts[r.Trace] = r
	t.active++
	t.dirtyRollouts[r.Trace] = struct{}{}
	s := t.about(r, span.RolloutStarted)
	s.ID, s.Parent = span.ID(s.Trace, span.RolloutStarted), r.id()
	s.End = s.Start.Add(span.Shortest)
	t.spans = append(t.spans, s)
	r.Last = s.End
	return r
}

// remember notes that a version was rolled out earlier.
func (t *Tracker) remember(id identity, at time.Time) {
	key := traceID(id.trace)
	if !id.trace.IsValid() || t.rollouts[key] != nil {
		return
	}
	t.rollouts[key] = &rollout{Trace: key, Ended: at}
	t.dirtyRollouts[key] = struct{}{}
	t.forgetOldest()
}

// forgetOldest keeps the number of ended rollouts bounded.
func (t *Tracker) forgetOldest() {
	if len(t.rollouts)-t.active <= maxEnded {
		return
	}
	var oldest *rollout
	for _, r := range t.rollouts {
		if !r.active() && (oldest == nil || r.Ended.Before(oldest.Ended)) {
			oldest = r
		}
	}
	delete(t.rollouts, oldest.Trace)
	t.dirtyRollouts[oldest.Trace] = struct{}{}
}

// due ends a rollout whose time has come.
func (t *Tracker) due(r *rollout, now time.Time) {
	switch limit := r.Started.Add(longest); {
	case !now.Before(limit):
		t.end(r, timeout, limit)
	case r.Unready > 0 || now.Sub(r.Created) < quiet:
	case r.Ready > 0:
		t.end(r, success, r.Last)
	default:
		t.end(r, failure, r.Last)
	}
}

// end ends a rollout, and the starts of its pods.
func (t *Tracker) end(r *rollout, result string, at time.Time) {
	at = span.Later(at, r.Started.Add(span.Shortest))
	for _, l := range t.lives {
		if l.Trace == r.Trace && l.Joined && !l.Apart && l.Incident == nil {
			t.started(l, podspan.End{At: span.Later(at, l.Created.Add(span.Shortest)), Error: result}, nil)
		}
	}
	s := t.about(r, span.Rollout+" "+r.Name)
	s.ID, s.Parent, s.Server = r.id(), trace.SpanID(r.Parent), true
	s.End = span.Later(at, r.Last)
	if result != success {
		s.Error = result
		if result == failure {
			s.Error = cmp.Or(r.Error, failure)
		}
	}
	s.Attributes = append(s.Attributes, resultOf(r, result)...)
	t.spans = append(t.spans, s)
	t.active--
	*r = rollout{Trace: r.Trace, Bundle: r.Bundle, Parent: r.Parent, Ended: s.End}
	t.dirtyRollouts[r.Trace] = struct{}{}
	t.forgetOldest()
}
