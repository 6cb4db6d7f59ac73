package pipeline

import (
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// pods are the states of all pods, and how far the streams are through listing
// them.
type pods struct {
	rules       status.Rules
	skipInitial bool
	states      map[string]known // by [status.Key]
	streams     map[string]*stream
	count       atomic.Int64 // of states, for other goroutines
}

// known is a pod, and in which of its stream's lists it was seen last.
type known struct {
	state *status.State
	list  uint32
}

// stream is how far one stream is.
type stream struct {
	list   uint32 // number of the list that it reads, or read last
	synced bool   // one list was read to its end
}

func newPods(rules status.Rules, skipInitial bool) *pods {
	return &pods{
		rules:       rules,
		skipInitial: skipInitial,
		states:      make(map[string]known),
		streams:     make(map[string]*stream),
	}
}

// apply takes in an event and returns its records.
func (p *pods) apply(ev watch.Event) []record.Record {
	s := p.stream(ev.Stream)
	switch ev.Kind {
	case watch.Listing:
		s.list++
	case watch.Listed:
		s.synced = true
		return p.sweep(ev, s)
	case watch.Present:
		return p.present(ev, s)
	case watch.Added:
		return p.added(ev, s)
	case watch.Modified:
		return p.modified(ev, s)
	case watch.Deleted:
		return p.deleted(ev)
	case watch.Bookmark:
	}
	return nil
}

// present takes in a pod of a list: news where it differs from what is known.
func (p *pods) present(ev watch.Event, s *stream) []record.Record {
	if prev := p.state(ev.Pod); prev != nil {
		next, records := p.rules.Update(prev, ev.Pod, ev.Received, true)
		return p.keep(next, s, records)
	}
	if s.synced {
		next, records := p.rules.Found(ev.Pod, ev.Received)
		return p.keep(next, s, records)
	}
	next, records := p.rules.Initial(ev.Pod, ev.Received)
	if p.skipInitial {
		records = nil
	}
	return p.keep(next, s, records)
}

// added takes in a pod that came. One that is known is told as changed: a
// recording of several watches repeats pods.
func (p *pods) added(ev watch.Event, s *stream) []record.Record {
	if p.state(ev.Pod) != nil {
		return p.modified(ev, s)
	}
	next, records := p.rules.Create(ev.Pod, ev.Received)
	return p.keep(next, s, records)
}

func (p *pods) modified(ev watch.Event, s *stream) []record.Record {
	next, records := p.rules.Update(p.state(ev.Pod), ev.Pod, ev.Received, false)
	return p.keep(next, s, records)
}

func (p *pods) deleted(ev watch.Event) []record.Record {
	records := p.rules.Delete(p.state(ev.Pod), ev.Pod, ev.Received)
	p.forget(status.Key(ev.Pod))
	return records
}

// sweep tells of the pods of the stream that its complete list did not have.
func (p *pods) sweep(ev watch.Event, s *stream) (records []record.Record) {
	for uid, k := range p.states {
		if k.list == s.list || ev.Stream != "" && ev.Stream != k.state.Namespace() {
			continue
		}
		records = append(records, p.rules.Vanished(k.state, ev.Received)...)
		p.forget(uid)
	}
	return records
}

func (p *pods) state(pod *corev1.Pod) *status.State { return p.states[status.Key(pod)].state }

func (p *pods) keep(next *status.State, s *stream, records []record.Record) []record.Record {
	p.states[next.Key()] = known{next, s.list}
	p.count.Store(int64(len(p.states)))
	return records
}

func (p *pods) forget(uid string) {
	delete(p.states, uid)
	p.count.Store(int64(len(p.states)))
}

func (p *pods) stream(name string) *stream {
	s := p.streams[name]
	if s == nil {
		s = &stream{}
		p.streams[name] = s
	}
	return s
}
