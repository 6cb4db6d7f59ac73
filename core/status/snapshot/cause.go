package snapshot

import (
	corev1 "k8s.io/api/core/v1"
)

// cause is the reason that Kubernetes gives for the end of a pod.
type cause struct{ reason, info string }

func (c cause) known() bool { return c != cause{} }

// causeOf returns the last known cause: reason and message of the pod's status,
// otherwise those of its disruption.
func causeOf(pod *corev1.Pod) cause {
	s := &pod.Status
	if s.Reason != "" || s.Message != "" {
		return cause{s.Reason, s.Message}
	}
	if d := disruption(pod); d != nil {
		return cause{d.Reason, d.Message}
	}
	return cause{}
}

// disruption returns the condition of a pod that is being disrupted, or nil.
func disruption(pod *corev1.Pod) *corev1.PodCondition {
	c := findCondition(pod.Status.Conditions, string(corev1.DisruptionTarget), 0)
	if c == nil || c.Status != corev1.ConditionTrue {
		return nil
	}
	return c
}
