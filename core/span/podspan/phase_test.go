package podspan_test

import (
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/span/podspan"
)

// TestPhasesAreBounded: a pod with any number of containers has a bounded number of phases.
func TestPhasesAreBounded(t *testing.T) {
	pod := &corev1.Pod{}
	for i := range 1000 {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: strconv.Itoa(i)})
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	pod.CreationTimestamp.Time = now.Add(-time.Minute)
	pod.Status.Conditions = []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: pod.CreationTimestamp,
	}}
	if n := len(podspan.Phases(pod, now)); n != 100 {
		t.Errorf("%d phases, want 100", n)
	}
}
