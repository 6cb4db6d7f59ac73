package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Rules say which changes become records. The methods are the ways in which one
// learns of a pod; at is when that happened.
type Rules struct {
	// Cluster is the name of the cluster, part of every record's id.
	Cluster string `json:"cluster"`
	// EveryUpdate gives a record for every new version of a pod, also where
	// nothing that is worth telling changed.
	EveryUpdate bool `json:"everyUpdate"`
	// ServiceFromLabels derives the service also from the labels
	// app.kubernetes.io/instance, name and version.
	ServiceFromLabels bool `json:"serviceFromLabels"`
	// Annotations are the keys of those annotations that records carry for
	// plugins. That one of them changes is no change worth a record.
	Annotations []string `json:"annotations"`
}

// Create tells of a pod that was seen coming.
func (r Rules) Create(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	next := r.Of(pod)
	b := r.builder(next, pod, at)
	b.add(created(pod))
	return next, b.records
}

// Initial tells of a pod that was there before the first start: that it exists,
// and which of its containers wait or are in error.
func (r Rules) Initial(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	next := r.Of(pod)
	b := r.builder(next, pod, at)
	b.initial = true
	b.add(created(pod))
	var of [enough]containerOf
	for _, c := range containersOf(of[:0], pod) {
		if kindOf(c.status.State) == waiting {
			b.add(b.container(pod, c, nil))
		}
	}
	return next, b.records
}

// Found tells of a pod that came while nobody was watching: that it was created,
// and how all its containers are.
func (r Rules) Found(pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	next := r.Of(pod)
	b := r.builder(next, pod, at)
	b.recovered = true
	b.add(created(pod))
	var of [enough]containerOf
	for _, c := range containersOf(of[:0], pod) {
		if crashHidden(c.status, nil) {
			b.add(crash(c, b.deleting()))
		}
		b.add(b.container(pod, c, nil))
	}
	return next, b.records
}

// Update tells what differs from prev, which is nil where nothing was told of
// the pod yet. recovered says that the difference was found by comparing, not
// seen as an event.
func (r Rules) Update(prev *State, pod *corev1.Pod, at time.Time, recovered bool) (*State, []record.Record) {
	next := r.of(prev, pod)
	b := r.builder(next, pod, at)
	b.recovered = recovered
	b.containers(prev, pod)
	if len(b.records) == 0 && r.podChanged(prev, next) {
		b.add(headlineRecord(prev, next, pod))
	}
	return next, b.records
}

// Delete tells of a pod that was seen going.
func (r Rules) Delete(prev *State, pod *corev1.Pod, at time.Time) []record.Record {
	b := r.builder(r.of(prev, pod), pod, at)
	b.add(record.Record{Action: record.Delete, OccurredAt: timeOf(pod.DeletionTimestamp)})
	return b.records
}

// Vanished tells of a pod that went while nobody was watching.
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

// crashHidden tells whether a container ended without that having been told: its
// last termination is of a later run than the last that was told or known.
// before is nil where nothing is known of the container.
//
// That the restart count rose is no sufficient sign, nor a necessary one: a
// container that ran, ended and now waits in back-off has the count that it had.
// And some raise the count already then; so what looks exactly like the
// termination that was told is that one, unless it has neither a time nor a
// container of its own by which one could tell.
func crashHidden(c *corev1.ContainerStatus, before *containerState) bool {
	last := c.LastTerminationState.Terminated
	if last == nil {
		return false
	}
	if before == nil {
		return true
	}
	same := terminationID(last) == before.terminated
	if c.RestartCount < before.restarts { // counted anew
		return !same
	}
	if lastRun(c) <= before.ended {
		return false
	}
	return !same || anonymous(last) && before.kind != terminated
}

// anonymous tells whether one termination can't be told from another.
func anonymous(t *corev1.ContainerStateTerminated) bool {
	return t.ContainerID == "" && t.StartedAt.IsZero() && t.FinishedAt.IsZero()
}
