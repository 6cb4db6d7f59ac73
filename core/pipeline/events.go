package pipeline

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/events"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// EventSettings are for the Events of Kubernetes.
type EventSettings struct {
	Rules events.Rules
	// Tracked is the maximum number of Events whose last record is known.
	Tracked int
	// Since is when an earlier run was last committed; zero: there is none.
	Since time.Time
	// OnEvicted is called with the number of Events that were evicted to keep to Tracked,
	// at most every ten minutes. May be nil.
	OnEvicted func(evicted uint64)
}

const (
	// maxJoin is how long an Event waits for its pod. The API server may send it first,
	// as the two watches have no common order.
	maxJoin = time.Second
	// maxWaiting is the number of Events after which the first ones don't wait: a list has
	// the Events of many pods that are gone.
	maxWaiting = 1024
	// expireEvery is how often the Events are looked for that must be gone.
	expireEvery = 10 * time.Minute
)

// eventLog has the last records of Events, and the progress of their streams. Events are
// taken in the order in which they came, so one that waits holds up those behind it, for
// no longer than they may wait themselves. A checkpoint never passes one that waits.
type eventLog struct {
	EventSettings

	resource    string // of its streams
	skipInitial bool
	tracker     *events.Tracker
	streams     map[string]*eventStream
	names       []string // of the streams, by index
	waiting     []waitingEvent
	expired     time.Time // when Tracker.Expire was last called
	evicted     uint64    // that were announced
}

// eventStream is the progress of a stream of Events.
type eventStream struct {
	stream

	index uint16
	alive time.Time // when it last had an event or a bookmark
}

type waitingEvent struct {
	watch.Event

	until time.Time
}

func newEventLog(s EventSettings, skipInitial bool) *eventLog {
	return &eventLog{
		EventSettings: s, resource: watch.Events().String(), skipInitial: skipInitial,
		tracker: events.NewTracker(s.Tracked), streams: make(map[string]*eventStream),
	}
}

// stream returns the stream of a namespace.
func (l *eventLog) stream(namespace string) *eventStream {
	s := l.streams[namespace]
	if s == nil {
		s = &eventStream{index: uint16(len(l.names)), alive: l.Since} //nolint:gosec // one for each configured namespace
		l.streams[namespace] = s
		l.names = append(l.names, namespace)
	}
	return s
}

// wait appends an event of a stream of Events.
func (l *eventLog) wait(ev watch.Event, now time.Time) {
	l.waiting = append(l.waiting, waitingEvent{ev, now.Add(maxJoin)})
}

// next returns the first event, unless it has to wait for its pod.
func (l *eventLog) next(pods *pods, now time.Time) (watch.Event, bool) {
	if len(l.waiting) == 0 || !l.ready(&l.waiting[0], pods, now) {
		return watch.Event{}, false
	}
	ev := l.waiting[0].Event
	l.waiting[0] = waitingEvent{}
	if l.waiting = l.waiting[1:]; len(l.waiting) == 0 {
		l.waiting = nil
	}
	return ev, true
}

func (l *eventLog) ready(w *waitingEvent, pods *pods, now time.Time) bool {
	if !now.Before(w.until) || len(l.waiting) > maxWaiting {
		return true
	}
	e := watch.EventOf(w.Object)
	return e == nil || w.Kind == watch.Deleted || !events.AboutPod(e) || pods.subject(e) != nil ||
		!l.Rules.Wants(e) || !l.tracker.News(e)
}

// due returns a channel that fires when the first event has waited long enough, nil if
// none waits.
func (l *eventLog) due(now time.Time) <-chan time.Time {
	if len(l.waiting) == 0 {
		return nil
	}
	return time.After(l.waiting[0].until.Sub(now))
}

// apply takes an event of a stream, and returns the record for it, if any.
func (l *eventLog) apply(ev watch.Event, pods *pods) []record.Record {
	s := l.stream(ev.Stream)
	var records []record.Record
	switch ev.Kind {
	case watch.Listing:
		records = l.gap(ev, s)
		s.begin()
	case watch.Listed:
		s.complete(ev.ResourceVersion)
		l.tracker.Sweep(s.place())
	case watch.Bookmark:
		s.reach(ev.ResourceVersion)
	case watch.Deleted:
		l.tracker.Forget(watch.EventOf(ev.Object))
		s.reach(ev.ResourceVersion)
	case watch.Present, watch.Added, watch.Modified:
		records = l.event(ev, s, pods)
		s.reach(ev.ResourceVersion)
	}
	s.alive = ev.Received
	l.expire(ev.Received)
	return records
}

// event returns the record of an Event that is news.
func (l *eventLog) event(ev watch.Event, s *eventStream, pods *pods) []record.Record {
	e := watch.EventOf(ev.Object)
	if !l.Rules.Wants(e) {
		return nil
	}
	news := l.tracker.News(e)
	pod := pods.subject(e)
	if l.Rules.PodsOnly && pod == nil && news {
		return nil // not one of the selected pods
	}
	l.tracker.Track(e, s.place(), ev.Received)
	listed := ev.Kind == watch.Present
	initial := listed && !s.covers("")
	if !news || initial && l.skipInitial {
		return nil
	}
	about := events.PodOf(e)
	if pod != nil {
		about = pod.Pod(nil)
	}
	rec := l.Rules.Record(e, about, ev.Received)
	rec.Initial, rec.Recovered = initial, listed && !initial
	return []record.Record{rec}
}

// gap returns the record of a gap that begins a list. A list that was cut, also by the end
// of the program, has had its record.
func (l *eventLog) gap(ev watch.Event, s *eventStream) []record.Record {
	if s.Listing || s.Checkpoint == "" || s.alive.IsZero() {
		return nil
	}
	return []record.Record{l.Rules.Gap(ev.Stream, s.Checkpoint, s.alive, ev.Received)}
}

func (l *eventLog) expire(now time.Time) {
	if now.Sub(l.expired) < expireEvery {
		return
	}
	l.expired = now
	l.tracker.Expire(now)
	if _, evicted := l.tracker.Count(); evicted > l.evicted && l.OnEvicted != nil {
		l.OnEvicted(evicted)
		l.evicted = evicted
	}
}

func (s *eventStream) place() events.Place { return events.Place{Stream: s.index, List: s.List} }

// subject returns the state of the pod that an Event is about, nil if it is unknown. An
// Event of a static pod has the hash of its manifest as the uid. The API server checks only
// that the reference has the namespace of the Event, so a uid alone identifies no pod.
func (p *pods) subject(e *corev1.Event) *status.State {
	o := &e.InvolvedObject
	if !events.AboutPod(e) {
		return nil
	}
	uid := string(o.UID)
	name := nameOfSubject(e)
	state := p.states[name].state
	if state != nil && (uid == "" || state.UID() == uid || !isUUID(uid)) {
		return state
	}
	if p.gone == nil {
		return nil
	}
	if gone, ok := p.gone.Get(uid); ok && nameOfState(gone) == name {
		return gone
	}
	return nil
}

// isUUID reports whether a uid has the form of those that the API server gives.
func isUUID(uid string) bool {
	const length, dash = 36, 8
	return len(uid) == length && uid[dash] == '-'
}
