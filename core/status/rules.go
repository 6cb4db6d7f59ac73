package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
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

// Create returns the records of a pod that was received as added.
func (r Rules) Create(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	next := r.Of(pod)
	b := r.builder(next, pod, at)
	b.add(created(pod))
	return next, b.records
}

// Initial returns the records of a pod that existed before the first start: that it
// exists, and its containers that are waiting or failing.
func (r Rules) Initial(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	next := r.Of(pod)
	b := r.builder(next, pod, at)
	b.initial = true
	b.add(created(pod))
	var room [enough]podContainer
	for _, c := range containersOf(room[:0], pod) {
		if kindOf(c.status.State) == waiting {
			b.add(b.container(pod, c, nil))
		}
	}
	return next, b.records
}

// Found returns the records of a pod that was created during a gap: that it was
// created, and the state of each container.
func (r Rules) Found(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	next := r.Of(pod)
	b := r.builder(next, pod, at)
	b.recovered = true
	b.add(created(pod))
	var room [enough]podContainer
	for _, c := range containersOf(room[:0], pod) {
		if hiddenTermination(c.status, nil) {
			b.add(terminationRecord(c, b.deleting()))
		}
		b.add(b.container(pod, c, nil))
	}
	return next, b.records
}

// Update returns the records of the difference from prev, which is nil if no record
// of the pod was emitted yet. recovered means that the difference was found by
// comparison, not received as an event.
func (r Rules) Update(prev *State, pod *corev1.Pod, at time.Time, recovered bool) (*State, []record.Record) {
	next := r.of(prev, pod)
	b := r.builder(next, pod, at)
	b.recovered = recovered
	b.containers(prev, pod)
	if len(b.records) == 0 && r.podChanged(prev, next) {
		b.add(podRecord(prev, next, pod))
	}
	return next, b.records
}

// Delete returns the record of a pod that was received as deleted.
func (r Rules) Delete(prev *State, pod *corev1.Pod, at time.Time) []record.Record {
	b := r.builder(r.of(prev, pod), pod, at)
	b.add(record.Record{Action: record.Delete, OccurredAt: timeOf(pod.DeletionTimestamp)})
	return b.records
}

// Vanished returns the record of a pod that was deleted during a gap.
func (r Rules) Vanished(prev *State, at time.Time) []record.Record {
	b := &builder{cluster: r.Cluster, state: prev, uid: prev.UID(), version: prev.ResourceVersion(), at: at}
	b.recovered = true
	b.add(record.Record{Action: record.Delete})
	return b.records
}

func (r Rules) podChanged(prev, next *State) bool {
	if prev == nil || !samePod(prev, next) {
		return true
	}
	return r.EveryUpdate && !sameVersion(prev, next)
}
