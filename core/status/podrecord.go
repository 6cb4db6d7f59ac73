package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// podRecord returns the record of a change of the pod that changed no container.
func podRecord(prev, next *State, pod *corev1.Pod) record.Record {
	rec := podSummary(pod).update()
	rec.Message = change(prev, next, &rec)
	switch {
	case prev == nil:
	case prev.grace() != next.grace():
		rec.OccurredAt = timeOf(pod.DeletionTimestamp)
	case prev.conditions != next.conditions:
		rec.OccurredAt = lastTransition(pod)
	}
	return rec
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// lastTransition returns the time at which the last of the pod's conditions changed.
func lastTransition(pod *corev1.Pod) (last time.Time) {
	for _, c := range pod.Status.Conditions {
		if c.LastTransitionTime.After(last) {
			last = c.LastTransitionTime.Time
		}
	}
	return last
}
