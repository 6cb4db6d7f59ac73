package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// first returns the records of a pod of which nothing is known, after that of its creation: one for each unusual state.
func (b *builder) first(pod *corev1.Pod, list []comparison) {
	if fact := firstFact(pod); fact != 0 {
		b.add(podRecord(&podChange{next: b.state, pod: pod}, fact))
	}
	b.conditions(snapshot.Conditions{}, &conditionEvent{pod: pod, first: true})
	if b.recovered { // the pod came during a gap, so its terminations are new
		b.hidden(list)
	}
	for i := range list {
		list[i].changed = !plain(pod, &list[i])
	}
	b.containers(list)
}

// firstFact returns the fact that the record of a pod at first sight names, 0 if there
// is nothing to report.
func firstFact(pod *corev1.Pod) podFact {
	switch {
	case pod.Status.Reason != "" || pod.Status.Message != "":
		return factReason
	case deleting(pod):
		return factDeletion
	case failed(pod.Status.Phase):
		return factPhase
	}
	return 0
}

// plain reports whether the state of a container needs no record at first sight: it is
// about to start, runs and is ready, or ended well.
func plain(pod *corev1.Pod, c *comparison) bool {
	facts := factsOf(pod, c.podContainer, c.status.State)
	switch s := c.status.State; {
	case s.Terminated != nil:
		return !facts.summary().failed
	case s.Running != nil:
		return !facts.badDevice && (c.status.Ready || !hasReadiness(c.typ))
	case s.Waiting != nil:
		return isStarting(s.Waiting.Reason)
	}
	return true
}

// isStarting reports whether a container that waits for this reason is about to start
// for the first time.
func isStarting(reason string) bool {
	return reason == "" || reason == reasonContainerCreating || reason == reasonPodInitializing
}

func created(pod *corev1.Pod) record.Record {
	return record.Record{Action: record.Create, OccurredAt: pod.CreationTimestamp.Time}
}
