package tracing

import (
	"cmp"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/span/podspan"
)

// Bounds; docs/traces.md lists them.
const (
	// quiet is how long no pod may be created before a rollout whose pods all started is complete.
	quiet = time.Minute
	// longest is the maximum length of a span: backends refuse older spans.
	longest = time.Hour

	maxActive = 4096
	maxEnded  = 4 * maxActive // that are remembered, so that no span is sent again with other content
	maxFull   = 1000          // pods of a rollout with all of their phases
	maxPods   = 7000          // pods of a rollout with a span; of later ones only those that failed
)

// Settings of a [Tracker].
type Settings struct {
	// Cluster is the name of the cluster in spans.
	Cluster string
	// Service is the service.name of spans.
	Service string
}

// Tracker makes spans of changes of pods. It is for one goroutine.
type Tracker struct {
	set      Settings
	lives    map[string]*life // by the UID of their pod
	rollouts map[traceID]*rollout
	active   int // rollouts

	group      []observation
	observed   map[string]struct{} // their UIDs
	identities map[*record.Pod]identity
	spans      []span.Span

	dirtyLives    map[string]struct{}
	dirtyRollouts map[traceID]struct{}
}

// New returns a Tracker without state.
func New(s Settings) *Tracker {
	return &Tracker{
		set: s, lives: map[string]*life{}, rollouts: map[traceID]*rollout{},
		observed: map[string]struct{}{}, identities: map[*record.Pod]identity{},
		dirtyLives: map[string]struct{}{}, dirtyRollouts: map[traceID]struct{}{},
	}
}

// Settle returns the spans that ended with the changes since the last call. All their records were identified.
func (t *Tracker) Settle() []span.Span {
	for i := range t.group {
		t.settle(&t.group[i])
	}
	clear(t.group) // release their strings
	t.group = t.group[:0]
	clear(t.observed)
	clear(t.identities)
	return t.take()
}

func (t *Tracker) take() []span.Span {
	spans := t.spans
	t.spans = nil
	return spans
}

func (t *Tracker) settle(o *observation) {
	id := t.identities[o.record]
	l := t.lives[o.UID]
	fresh := o.at.Sub(o.Created) < longest
	if l == nil && o.first && !o.Created.IsZero() {
		if o.initial || !fresh {
			t.remember(id, o.at)
		}
		if fresh && (!o.initial || o.end.At.IsZero()) {
			l = &life{UID: o.UID, Namespace: o.Namespace, Name: o.Name, Created: o.Created}
			t.lives[o.UID] = l
		}
	}
	if l == nil && o.lost != nil && o.at.Sub(o.lost.Since) < longest && id.known {
		l = &life{
			UID: o.UID, Namespace: o.Namespace, Name: o.Name, Created: o.Created, Trace: traceID(id.trace), Joined: true,
			Incident: o.lost,
		}
		t.lives[o.UID] = l
	}
	if l != nil {
		l.Node, l.Reason = cmp.Or(o.Node, l.Node), cmp.Or(o.reason, l.Reason)
		t.dirtyLives[o.UID] = struct{}{}
		t.progress(l, o, id)
	}
	if o.gone {
		t.stopped(o, id)
	}
}

// progress follows a pod that starts or is in an incident.
func (t *Tracker) progress(l *life, o *observation, id identity) {
	if !l.Joined && id.known {
		t.join(l, o, id)
	}
	if l.Incident != nil {
		t.recover(l, o)
		return
	}
	if l.Joined && t.full(l) {
		for i := range o.runs {
			end := span.Later(o.runs[i].End, l.Created.Add(span.Shortest))
			t.phase(l, o.runs[i], l.Created, earlier(end, l.Created.Add(longest)))
		}
	}
	if end := o.end; !end.At.IsZero() {
		if end.Error != "" && o.reason == "" {
			end.Error = cmp.Or(l.Reason, end.Error)
		}
		t.started(l, end, o.phases)
	}
}

// forget ends the state of a pod.
func (t *Tracker) forget(l *life) {
	delete(t.lives, l.UID)
	t.dirtyLives[l.UID] = struct{}{}
}

// Tick returns the spans that end because of the time alone.
func (t *Tracker) Tick(now time.Time) []span.Span {
	for _, r := range t.rollouts {
		if r.active() {
			t.due(r, now)
		}
	}
	for _, l := range t.lives {
		t.expire(l, now)
	}
	return t.take()
}

// expire ends spans that last too long and belong to no rollout.
func (t *Tracker) expire(l *life, now time.Time) {
	switch {
	case l.Incident != nil:
		if end := l.Incident.Since.Add(longest); !now.Before(end) {
			t.incident(l, end, "timeout", nil)
		}
	case l.Apart || !l.Joined:
		if end := l.Created.Add(longest); !now.Before(end) {
			t.started(l, podspan.End{At: end, Error: "timeout"}, nil)
		}
	}
}

func (r *rollout) id() trace.SpanID { return span.ID(trace.TraceID(r.Trace), span.Rollout) }
