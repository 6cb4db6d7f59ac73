package snapshot

import (
	corev1 "k8s.io/api/core/v1"
)

// Cause is the reason that Kubernetes gives for the end of a pod, with its message.
type Cause struct{ Reason, Info string }

// Known reports whether there is a cause.
func (c Cause) Known() bool { return c != Cause{} }

// CauseOf returns the last known cause: reason and message of the pod's status,
// otherwise those of its disruption.
func CauseOf(pod *corev1.Pod) Cause {
	s := &pod.Status
	if s.Reason != "" || s.Message != "" {
		return Cause{s.Reason, s.Message}
	}
	if d := Disruption(pod); d != nil {
		return Cause{d.Reason, d.Message}
	}
	return Cause{}
}

// Disruption returns the condition of a pod that is being disrupted, or nil.
func Disruption(pod *corev1.Pod) *corev1.PodCondition {
	c := FindCondition(pod.Status.Conditions, string(corev1.DisruptionTarget), 0)
	if c == nil || c.Status != corev1.ConditionTrue {
		return nil
	}
	return c
}
