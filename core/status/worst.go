package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// worst returns the summary of the container that represents the pod: the first
// unfinished init container, otherwise the first of those with the highest rank.
// Ephemeral containers represent the pod only if no other container has a status.
func worst(pod *corev1.Pod) summary {
	var found summary
	rank := -1
	var room [enough]podContainer
	for _, c := range containersOf(room[:0], pod) {
		facts := factsOf(pod, c, c.status.State)
		s := facts.summary()
		if unfinished(c) {
			return s
		}
		if c.typ == record.Init || c.typ == record.Ephemeral && rank >= 0 {
			continue
		}
		if r := rankOf(s); r > rank {
			found, rank = s, r
		}
	}
	if rank < 0 { // only init containers have a status, and all have finished
		return noContainers()
	}
	return found
}

// factsOf returns the facts about a state of a container that follow from its pod.
func factsOf(pod *corev1.Pod, c podContainer, state corev1.ContainerState) containerFacts {
	f := containerFacts{state: state, deleting: deleting(pod)}
	f.outlived = c.typ == record.Sidecar && regularEnded(pod)
	_, f.badDevice = unhealthyDevice(c.status)
	return f
}

// regularEnded reports whether all regular containers of the pod have terminated.
func regularEnded(pod *corev1.Pod) bool {
	for i := range pod.Status.ContainerStatuses {
		if pod.Status.ContainerStatuses[i].State.Terminated == nil {
			return false
		}
	}
	return len(pod.Status.ContainerStatuses) > 0
}

// unfinished reports whether an init container holds up the containers after it. A
// sidecar does so until it runs.
func unfinished(c podContainer) bool {
	switch c.typ {
	case record.Init:
		t := c.status.State.Terminated
		return t == nil || t.ExitCode != 0
	case record.Sidecar:
		return snapshot.KindOf(c.status.State) == snapshot.Waiting
	}
	return false
}

// rankOf orders summaries from the best to the worst.
func rankOf(s summary) int {
	switch {
	case s.state == record.Error:
		return 4
	case s.state == record.Waiting:
		return 3
	case s.failed:
		return 2
	case s.state == record.Running:
		return 1
	}
	return 0
}
