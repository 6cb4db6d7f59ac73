package tracing

import (
	"cmp"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/span/podspan"
)

// full reports whether the spans of a pod contain its phases.
func (t *Tracker) full(l *life) bool { return l.Apart || l.Number <= maxFull }

// startTrace returns the trace with the start of a pod.
func (l *life) startTrace() trace.TraceID {
	if l.Apart || !l.Joined {
		return span.LateTrace(l.UID)
	}
	return trace.TraceID(l.Trace)
}

// started makes the span of a pod's start, and counts it in its rollout.
func (t *Tracker) started(l *life, end podspan.End, phases []podspan.Phase) {
	defer t.forget(l)
	s := t.ofPod(l, span.PodStart)
	s.Trace = l.startTrace()
	s.ID = span.PodID(s.Trace, l.UID)
	s.Start, s.Error = l.Created, end.Error
	s.End = span.Later(end.At, l.Created.Add(span.Shortest))
	if limit := l.Created.Add(longest); s.End.After(limit) {
		s.End, s.Error = limit, cmp.Or(end.Error, timeout)
	}
	if r := t.rollouts[l.Trace]; l.Joined && r != nil {
		if l.Apart {
			s.Links = append(s.Links, contextOf(trace.TraceID(r.Trace), r.id()))
		} else {
			s.Parent = r.id()
			t.count(r, end, s.End)
		}
	}
	if !l.Apart && l.Number > maxPods && s.Error == "" {
		return
	}
	t.spans = append(t.spans, s)
	if !t.full(l) {
		return
	}
	for _, p := range phases {
		t.phase(l, p, s.Start, s.End)
	}
}

// count counts a pod whose start has ended.
func (t *Tracker) count(r *rollout, end podspan.End, at time.Time) {
	r.Unready--
	r.Last = span.Later(r.Last, at)
	if end.Error == "" {
		r.Ready++
	} else {
		r.Failed++
		r.Error = end.Error
	}
	t.dirtyRollouts[r.Trace] = struct{}{}
}

// phase makes the span of a phase of a pod's start.
func (t *Tracker) phase(l *life, p podspan.Phase, start, end time.Time) {
	s := t.ofPhase(l, p, l.startTrace())
	s.Parent = span.PodID(s.Trace, l.UID)
	s.Within(start, end)
	t.spans = append(t.spans, s)
}

func (t *Tracker) ofPhase(l *life, p podspan.Phase, id trace.TraceID) span.Span {
	s := t.ofPod(l, p.Name)
	s.Trace, s.ID = id, span.PhaseID(id, l.UID, p.Name, p.Container, p.Run)
	s.Start, s.End, s.Error = p.Start, p.End, p.Error
	s.Attributes = phaseAttributes(&p)
	return s
}

// recover follows an incident.
func (t *Tracker) recover(l *life, o *observation) {
	in := l.Incident
	limit := in.Since.Add(longest)
	for i := range o.runs {
		if o.runs[i].Start.Before(in.Since) { // the run whose end is the incident
			continue
		}
		s := t.ofPhase(l, o.runs[i], in.trace(l.UID))
		s.Parent = span.ID(s.Trace, span.Incident)
		s.Within(in.Since, earlier(limit, span.Later(in.Since.Add(span.Shortest), s.End)))
		t.spans = append(t.spans, s)
	}
	switch {
	case o.end.Ready && !o.end.At.Before(in.Since):
		t.incident(l, earlier(o.end.At, limit), "", o.phases)
	case !o.end.At.IsZero() && !o.end.Ready, o.gone:
		t.incident(l, earlier(o.at, limit), cmp.Or(in.Error, o.end.Error), nil)
	}
}

func (in *incident) trace(uid string) trace.TraceID {
	return span.IncidentTrace(uid, in.Container, in.Run)
}

// incident makes the span of an incident that ended.
func (t *Tracker) incident(l *life, end time.Time, failure string, phases []podspan.Phase) {
	defer t.forget(l)
	in := l.Incident
	s := t.ofPod(l, span.Incident)
	s.Trace = in.trace(l.UID)
	s.ID, s.Start, s.End = span.ID(s.Trace, span.Incident), in.Since, span.Later(end, in.Since.Add(span.Shortest))
	s.Error = cmp.Or(failure, in.Error)
	run := int32(in.runs()) //nolint:gosec // as Kubernetes counts
	s.Attributes = phaseAttributes(&podspan.Phase{Container: in.Container, Run: run})
	if id := trace.TraceID(l.Trace); id.IsValid() {
		s.Links = []trace.SpanContext{
			contextOf(id, span.PodID(id, l.UID)), contextOf(id, span.ID(id, span.Rollout)),
		}
	}
	t.spans = append(t.spans, s)
	for _, p := range phases {
		if p.Container != in.Container || p.Name != span.BackOff && p.Name != span.StartToReady {
			continue
		}
		child := t.ofPhase(l, p, s.Trace)
		child.Parent = s.ID
		child.Within(s.Start, s.End)
		t.spans = append(t.spans, child)
	}
}

// runs returns the restart count of the container, 0 if none ended.
func (in *incident) runs() int64 {
	if in.Container == "" {
		return 0
	}
	return in.Run
}

// stopped makes the span of the stop of a pod that a newer version replaces.
func (t *Tracker) stopped(o *observation, id identity) {
	if o.stop.IsZero() || id.bundle == "" {
		return
	}
	r := t.newer(id)
	if r == nil || r.Seen > maxFull {
		return
	}
	l := &life{UID: o.UID, Namespace: o.Namespace, Name: o.Name, Node: o.Node}
	s := t.ofPod(l, span.PodStop)
	s.Trace, s.Parent = trace.TraceID(r.Trace), r.id()
	s.ID = span.ID(s.Trace, o.UID+"/stop")
	s.Start, s.End = o.stop, o.at
	s.Within(r.Started, span.Later(o.at, r.Started.Add(span.Shortest)))
	r.Last = span.Later(r.Last, s.End)
	t.dirtyRollouts[r.Trace] = struct{}{}
	t.spans = append(t.spans, s)
}

// newer returns the rollout under way of another version of the bundle.
func (t *Tracker) newer(id identity) *rollout {
	for _, r := range t.rollouts {
		if r.active() && r.Bundle == id.bundle && r.Trace != traceID(id.trace) {
			return r
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
