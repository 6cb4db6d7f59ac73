package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// podSummary returns the state of a pod as a whole.
func podSummary(pod *corev1.Pod) summary {
	s := &pod.Status
	if (s.Phase == corev1.PodFailed || s.Phase == corev1.PodUnknown) && s.Reason != "" {
		return summary{state: record.Error, level: record.LevelError, reason: s.Reason, info: s.Message}
	}
	if c := unscheduled(s.Conditions); c != nil {
		return summary{state: record.Waiting, level: record.LevelWarning, reason: c.Reason, info: c.Message}
	}
	if containerCount(pod) == 0 {
		return summary{state: record.Waiting, level: record.LevelWarning}
	}
	return worst(pod)
}

// unscheduled returns the condition with the reason why the pod has no node, or nil.
func unscheduled(conditions []corev1.PodCondition) *corev1.PodCondition {
	for i := range conditions {
		c := &conditions[i]
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason != "" {
			return c
		}
	}
	return nil
}

// worst returns the summary of the container that represents the pod: the first
// unfinished init container, otherwise the first of those with the highest rank.
// Ephemeral containers represent the pod only if no other container has a status.
func worst(pod *corev1.Pod) summary {
	deleting := pod.DeletionTimestamp != nil
	var found summary
	rank := -1
	var room [enough]podContainer
	for _, c := range containersOf(room[:0], pod) {
		s := containerSummary(c.status.State, deleting)
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
		return summary{state: record.Waiting, level: record.LevelWarning}
	}
	return found
}

// unfinished reports whether an init container holds up the containers after it. A
// sidecar does so until it runs.
func unfinished(c podContainer) bool {
	switch c.typ {
	case record.Init:
		t := c.status.State.Terminated
		return t == nil || t.ExitCode != 0
	case record.Sidecar:
		return kindOf(c.status.State) == waiting
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
