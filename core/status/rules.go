package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// Rules decide which changes become records. Each method is one way in which the
// program receives a pod; at is the time of receipt.
type Rules struct {
	// Cluster is the name of the cluster, part of every record's id.
	Cluster string `json:"cluster"`
	// EveryUpdate emits a record for every new version of a pod, even if nothing
	// relevant changed.
	EveryUpdate bool `json:"everyUpdate"`
	// ServiceFromLabels derives the service also from the labels
	// app.kubernetes.io/instance, name and version.
	ServiceFromLabels bool `json:"serviceFromLabels"`
	// Annotations are the keys of the annotations that records contain for plugins.
	// A change of their values alone makes no record.
	Annotations []string `json:"annotations"`
}

// State is the last emitted state of a pod. A State is immutable.
type State = snapshot.State

// ParseState decodes a state that [State.Append] encoded. Damaged bytes are an error. The
// result shares no memory with b.
func ParseState(b []byte) (*State, error) { return snapshot.Parse(b) }

// AnnotationKeys returns the keys of the annotations that the rules read.
func (r Rules) AnnotationKeys() []string { return r.settings().AnnotationKeys() }

// Of returns the state of a pod as if records for all of it had been emitted.
func (r Rules) Of(pod *corev1.Pod) *State {
	var memory room
	_, containers := comparer{pod: pod}.containers(&memory)
	return r.settings().Of(nil, pod, snapshot.Pack("", containers))
}

// Create returns the records of a pod that was received as added: its creation, and each unusual state.
func (r Rules) Create(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	return r.create(&builder{at: at}, pod)
}

// Initial returns the records of a pod that existed before the first start: its existence, and each unusual state.
func (r Rules) Initial(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	return r.create(&builder{at: at, initial: true}, pod)
}

// Found returns the records of a pod that was created during a gap: its creation, each unusual
// state, and each termination of its containers.
func (r Rules) Found(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	return r.create(&builder{at: at, recovered: true}, pod)
}

func (r Rules) create(b *builder, pod *corev1.Pod) (*State, []record.Record) {
	var memory room
	list, containers := comparer{pod: pod}.containers(&memory)
	next := r.settings().Of(nil, pod, snapshot.Pack("", containers))
	b.about(r.Cluster, next, pod)
	b.add(created(pod))
	b.first(pod, list)
	return next, b.records
}

// Update returns the records of the difference from prev, which is nil if no record
// of the pod was emitted yet. recovered means that the difference was found by
// comparison, not received as an event.
func (r Rules) Update(prev *State, pod *corev1.Pod, at time.Time, recovered bool) (*State, []record.Record) {
	if prev == nil {
		return r.unknown(pod, at, recovered)
	}
	var memory room
	list, states := comparer{prev, pod}.containers(&memory)
	next := r.settings().Of(prev, pod, snapshot.Pack(prev.Containers(), states))
	containers := anyRecord(list)
	if !containers && prev.SameExceptContainers(next) && (!r.EveryUpdate || sameVersion(prev, pod)) {
		return next, nil
	}
	b := &builder{at: at, recovered: recovered, prev: prev}
	b.about(r.Cluster, next, pod)
	b.changes(prev, pod, list, containers)
	if len(b.records) == 0 && r.EveryUpdate && !sameVersion(prev, pod) {
		b.add(podRecord(&podChange{prev: prev, next: next, pod: pod}, factOther))
	}
	return next, b.records
}

// unknown returns the records of a change of a pod of which nothing is known, as at
// the start of a recording: the state of each container, and everything else that is
// not plain.
func (r Rules) unknown(pod *corev1.Pod, at time.Time, recovered bool) (*State, []record.Record) {
	var memory room
	list, containers := comparer{pod: pod}.containers(&memory)
	next := r.settings().Of(nil, pod, snapshot.Pack("", containers))
	b := &builder{at: at, recovered: recovered}
	b.about(r.Cluster, next, pod)
	if fact := firstFact(pod); fact != 0 {
		b.add(podRecord(&podChange{next: next, pod: pod}, fact))
	}
	b.conditions(snapshot.Conditions{}, &conditionEvent{pod: pod, first: true})
	b.containers(list)
	if len(b.records) == 0 {
		b.add(podRecord(&podChange{next: next, pod: pod}, factOther))
	}
	return next, b.records
}

// Delete returns the record of a pod that was received as deleted.
func (r Rules) Delete(prev *State, pod *corev1.Pod, at time.Time) []record.Record {
	b := &builder{at: at}
	b.about(r.Cluster, r.settings().Of(prev, pod, ""), pod)
	c := snapshot.CauseOf(pod)
	b.add(record.Record{Action: record.Delete, OccurredAt: deletionTime(pod), Reason: c.Reason, Info: c.Info})
	return b.records
}

// Vanished returns the record of a pod that was deleted during a gap.
func (r Rules) Vanished(prev *State, at time.Time) []record.Record {
	b := &builder{
		cluster: r.Cluster, state: prev, version: prev.ResourceVersion(), at: at, recovered: true,
	}
	c := prev.Cause()
	b.add(record.Record{Action: record.Delete, Reason: c.Reason, Info: c.Info})
	return b.records
}

func (r Rules) settings() snapshot.Settings {
	return snapshot.Settings{ServiceFromLabels: r.ServiceFromLabels, Annotations: r.Annotations}
}

// sameVersion reports whether the state belongs to this version of the pod, whatever its UID.
func sameVersion(s *State, pod *corev1.Pod) bool { return s.ResourceVersion() == pod.ResourceVersion }
