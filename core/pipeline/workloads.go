package pipeline

import (
	"strings"
	"sync"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

// workloadLog has the states of workloads, and the progress of their streams. Only the
// pipeline's goroutine may use it, except for known.
type workloadLog struct {
	rules       workloads.Rules
	skipInitial bool
	resources   map[string]bool
	streams     map[string]*stream  // by resource and namespace, see streamOf
	changed     map[string]struct{} // keys of states, since they were last stored

	mu     sync.Mutex
	states map[string]knownWorkload // by keyOf
}

// knownWorkload is the state of a workload, and the number of the stream's list that had it
// last.
type knownWorkload struct {
	state workloads.State
	list  uint64
}

func newWorkloadLog(rules workloads.Rules, skipInitial bool) *workloadLog {
	l := &workloadLog{
		rules: rules, skipInitial: skipInitial, resources: map[string]bool{}, streams: map[string]*stream{},
		changed: map[string]struct{}{}, states: map[string]knownWorkload{},
	}
	for _, r := range workloads.Resources() {
		l.resources[r.String()] = true
	}
	return l
}

// has reports whether a resource is one of workloads. A nil log has none.
func (l *workloadLog) has(resource string) bool { return l != nil && l.resources[resource] }

// streamOf returns the name of the stream of a resource and a namespace, "" for all.
func streamOf(resource, namespace string) string { return resource + "/" + namespace }

// keyOf returns what identifies a workload of a resource.
func keyOf(resource string, w *workloadwire.Workload) string {
	return streamOf(resource, w.Namespace) + "/" + w.Name
}

// ofStream returns the prefix of the keys of a stream's workloads.
func ofStream(resource, namespace string) string {
	if namespace == "" {
		return resource + "/"
	}
	return streamOf(resource, namespace) + "/"
}

func (l *workloadLog) stream(resource, namespace string) *stream {
	name := streamOf(resource, namespace)
	s := l.streams[name]
	if s == nil {
		s = &stream{}
		l.streams[name] = s
	}
	return s
}

// apply takes an event of a stream, and returns its records.
func (l *workloadLog) apply(ev watch.Event) (records []record.Record) {
	s := l.stream(ev.Resource, ev.Stream)
	switch ev.Kind {
	case watch.Listing:
		s.begin()
	case watch.Listed:
		l.sweep(ofStream(ev.Resource, ev.Stream), s.List)
		s.complete(ev.ResourceVersion)
	case watch.Bookmark:
		s.reach(ev.ResourceVersion)
	case watch.Deleted:
		l.forget(keyOf(ev.Resource, workloads.Of(ev.Object)))
		s.reach(ev.ResourceVersion)
	case watch.Present, watch.Added, watch.Modified:
		records = l.workload(ev, s)
		s.reach(ev.ResourceVersion)
	}
	return records
}

// workload compares a workload with its state.
func (l *workloadLog) workload(ev watch.Event, s *stream) []record.Record {
	w := workloads.Of(ev.Object)
	key := keyOf(ev.Resource, w)
	if !l.rules.Wants(w) {
		l.forget(key)
		return nil
	}
	was, existed := l.states[key]
	if ev.Kind == watch.Present && !existed && !s.covers(w.Namespace) {
		state, records := l.rules.Initial(w, ev.Received)
		l.keep(key, knownWorkload{state, s.List})
		if l.skipInitial {
			return nil
		}
		return records
	}
	state, records := l.rules.Compare(was.state, w, ev.Received)
	l.keep(key, knownWorkload{state, s.List})
	if ev.Kind != watch.Present {
		return records
	}
	for i := range records {
		records[i].Recovered = true
	}
	return s.found(records)
}

func (l *workloadLog) keep(key string, k knownWorkload) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.states[key].state != k.state {
		l.changed[key] = struct{}{}
	}
	l.states[key] = k
}

// forget drops the state of a workload that is gone. It has no record: the pods have theirs.
func (l *workloadLog) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.states[key]; ok {
		delete(l.states, key)
		l.changed[key] = struct{}{}
	}
}

// sweep forgets the workloads that the complete list with this number did not have.
func (l *workloadLog) sweep(prefix string, list uint64) {
	for key, k := range l.states {
		if k.list != list && strings.HasPrefix(key, prefix) {
			l.forget(key)
		}
	}
}

// known reports whether the state of the workload is that of this resourceVersion. Safe for
// concurrent use.
func (l *workloadLog) known(resource string, w *workloadwire.Workload) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.rules.Wants(w) || l.states[keyOf(resource, w)].state.Known(w)
}

// count returns the number of workloads. Safe for concurrent use.
func (l *workloadLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.states)
}
