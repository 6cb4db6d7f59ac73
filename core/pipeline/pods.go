package pipeline

import (
	"iter"
	"sync"
	"unique"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// pods are the states of all pods and the progress of the streams. Only the pipeline's
// goroutine may use them, except for known and count.
type pods struct {
	rules       status.Rules
	skipInitial bool
	streams     map[string]*stream
	retired     []string // streams that are stored but no longer watched

	// gone are the last pods that went, by uid, for Events that come after their pod has
	// gone; nil: there are no Events.
	gone *simplelru.LRU[string, *status.State]

	mu     sync.Mutex
	states map[podName]known
}

// maxGone is the number of pods that are remembered after they went.
const maxGone = 2048

// podName identifies a pod: at any time a cluster has one pod of a name.
type podName struct {
	namespace unique.Handle[string]
	name      string
}

// known is the state of a pod, and the number of the stream's list that had it last.
type known struct {
	state *status.State
	list  uint64
}

// change is a change of one pod, and its records.
type change struct {
	pod     podName
	state   *status.State // nil: the pod is gone
	records []record.Record

	uid            string
	event          *corev1.Pod // nil: the pod vanished
	first, initial bool        // nothing was known of the pod; it existed before the first start
}

func newPods(rules status.Rules, skipInitial bool) *pods {
	return &pods{
		rules:       rules,
		skipInitial: skipInitial,
		states:      make(map[podName]known),
		streams:     make(map[string]*stream),
	}
}

// apply compares an event with the states, and yields the changes. A change is applied
// only when it is yielded: an event can find that all pods are gone.
func (p *pods) apply(ev watch.Event) iter.Seq[change] {
	s := p.stream(ev.Stream)
	switch ev.Kind {
	case watch.Listing:
		s.begin()
	case watch.Listed:
		return p.sweep(ev, s)
	case watch.Present, watch.Added, watch.Modified, watch.Deleted:
		return p.pod(ev, s)
	case watch.Bookmark:
		s.reach(ev.ResourceVersion)
	}
	return func(func(change) bool) {}
}

// pod applies an event about a pod. If another pod of the same name has replaced one,
// that one is gone.
func (p *pods) pod(ev watch.Event, s *stream) iter.Seq[change] {
	return func(yield func(change) bool) {
		name := nameOf(ev.Pod())
		prev := p.states[name].state
		if prev != nil && !prev.SameUID(ev.Pod()) {
			if !yield(p.forget(name, prev, s.found(p.rules.Vanished(prev, ev.Received)))) {
				return
			}
			prev = nil
		}
		c := change{pod: name, uid: string(ev.Pod().UID), event: ev.Pod(), first: prev == nil}
		c.initial = ev.Kind == watch.Present && !s.covers(name.namespace.Value())
		c.state, c.records = p.compare(ev, prev, s)
		p.keep(c, s)
		if ev.Kind.Live() {
			s.reach(ev.ResourceVersion)
		}
		yield(c)
	}
}

// compare returns the state of a pod after an event, nil if the pod is gone, and the
// records of the difference.
func (p *pods) compare(ev watch.Event, prev *status.State, s *stream) (*status.State, []record.Record) {
	switch {
	case ev.Kind == watch.Deleted:
		return nil, p.rules.Delete(prev, ev.Pod(), ev.Received)
	case ev.Kind == watch.Present:
		return p.present(ev, prev, s)
	case ev.Kind == watch.Added && prev == nil:
		return p.rules.Create(ev.Pod(), ev.Received)
	default: // a recording of several watches repeats pods as added
		return p.rules.Update(prev, ev.Pod(), ev.Received, false)
	}
}

// present compares a pod of a list with its state.
func (p *pods) present(ev watch.Event, prev *status.State, s *stream) (*status.State, []record.Record) {
	switch {
	case prev != nil:
		next, records := p.rules.Update(prev, ev.Pod(), ev.Received, true)
		return next, s.found(records)
	case s.covers(ev.Pod().Namespace):
		next, records := p.rules.Found(ev.Pod(), ev.Received)
		return next, s.found(records)
	}
	next, records := p.rules.Initial(ev.Pod(), ev.Received)
	if p.skipInitial {
		records = nil
	}
	return next, records
}

// sweep finds the pods of the stream that its complete list did not have.
func (p *pods) sweep(ev watch.Event, s *stream) iter.Seq[change] {
	return func(yield func(change) bool) {
		for name, k := range p.states {
			if k.list == s.List || ev.Stream != "" && ev.Stream != k.state.Namespace() {
				continue
			}
			if !yield(p.forget(name, k.state, s.found(p.rules.Vanished(k.state, ev.Received)))) {
				return
			}
		}
		s.complete(ev.ResourceVersion)
	}
}

func (p *pods) keep(c change, s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.state == nil {
		p.remove(c.pod)
		return
	}
	p.states[nameOfState(c.state)] = known{c.state, s.List}
}

func (p *pods) forget(name podName, prev *status.State, records []record.Record) change {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(name)
	return change{pod: name, records: records, uid: prev.UID()}
}

// remove removes a state. The mutex is held.
func (p *pods) remove(name podName) {
	if state := p.states[name].state; state != nil && p.gone != nil {
		p.gone.Add(state.UID(), state)
	}
	delete(p.states, name)
}

// known reports whether the state of the pod is that of this resourceVersion.
func (p *pods) known(pod *corev1.Pod) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := p.states[nameOf(pod)].state
	return state != nil && state.SameVersion(pod)
}

func (p *pods) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.states)
}

func (p *pods) stream(name string) *stream {
	s := p.streams[name]
	if s == nil {
		s = &stream{}
		p.streams[name] = s
	}
	return s
}

func nameOf(pod *corev1.Pod) podName { return podName{unique.Make(pod.Namespace), pod.Name} }

// nameOfSubject returns the name of the pod that an Event is about.
func nameOfSubject(e *corev1.Event) podName {
	return podName{unique.Make(e.InvolvedObject.Namespace), e.InvolvedObject.Name}
}

// nameOfState returns a name that shares the state's memory.
func nameOfState(s *status.State) podName { return podName{unique.Make(s.Namespace()), s.Name()} }
