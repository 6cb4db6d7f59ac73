package podspan

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/span"
)

// End is the end of a pod's start.
type End struct {
	At    time.Time
	Ready bool
	Error string // why the pod was not ready; empty if it was, or has done its work
}

// EndOf returns how the start of a pod ended, zero if it goes on. received is when this version of the pod was
// received, gone is whether the pod is deleted.
func EndOf(pod *corev1.Pod, received time.Time, gone bool) End {
	if at := isTrue(pod, corev1.PodReady); !at.IsZero() {
		return End{At: span.Refine(at, received), Ready: true}
	}
	switch {
	case pod.Status.Phase == corev1.PodSucceeded:
		return End{At: lastEnd(pod, received)}
	case pod.Status.Phase == corev1.PodFailed:
		return End{At: lastEnd(pod, received), Error: cmp.Or(Reason(pod), "Failed")}
	case gone:
		return End{At: received, Error: cmp.Or(Reason(pod), "Deleted")}
	}
	return End{}
}

// lastEnd returns when the last container of a pod ended.
func lastEnd(pod *corev1.Pod, received time.Time) time.Time {
	var last time.Time
	for _, list := range [...][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			if t := list[i].State.Terminated; t != nil {
				last = span.Later(last, t.FinishedAt.Time)
			}
		}
	}
	if last.IsZero() {
		return received
	}
	return span.Refine(last, received)
}

// Reason returns why a pod isn't ready: the reason of the pod, of a container that failed or waits, or of the condition
// that is missing. It is empty if there is none.
func Reason(pod *corev1.Pod) string {
	if pod.Status.Reason != "" {
		return pod.Status.Reason
	}
	if c := condition(pod, corev1.DisruptionTarget); c != nil && c.Status == corev1.ConditionTrue {
		return c.Reason
	}
	for _, list := range [...][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			if reason := containerReason(&list[i]); reason != "" {
				return reason
			}
		}
	}
	if c := condition(pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse {
		return c.Reason
	}
	return ""
}

func containerReason(c *corev1.ContainerStatus) string {
	switch s := c.State; {
	case s.Terminated != nil && s.Terminated.ExitCode != 0:
		return reasonOf(s.Terminated)
	case s.Waiting != nil && s.Waiting.Reason != "ContainerCreating" && s.Waiting.Reason != "PodInitializing":
		return s.Waiting.Reason
	}
	return ""
}

// EndedRun returns the last run of a container that ended, as a phase. ok is false if there is none, or if the
// container has done its work.
func EndedRun(pod *corev1.Pod, c *corev1.ContainerStatus) (run Phase, ok bool) {
	t, n := c.State.Terminated, c.RestartCount
	if t == nil {
		t = c.LastTerminationState.Terminated
		if c.State.Running != nil {
			n-- // in back-off, the container still has the count of the run that ended
		}
	}
	if t == nil || t.StartedAt.IsZero() || n < 0 || t.ExitCode == 0 && !runsForEver(pod, c.Name) {
		return Phase{}, false
	}
	run = Phase{
		Name: span.Run, Container: c.Name, Run: n, Start: t.StartedAt.Time, End: t.FinishedAt.Time, ExitCode: t.ExitCode,
	}
	if t.ExitCode != 0 {
		run.Error = reasonOf(t)
	}
	return run, true
}

// runsForEver reports whether a container has no end.
func runsForEver(pod *corev1.Pod, name string) bool {
	return pod.Spec.RestartPolicy == corev1.RestartPolicyAlways &&
		slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == name })
}

// StopOf returns when the deletion of a pod was requested, zero if it was not.
func StopOf(pod *corev1.Pod) time.Time {
	if pod.DeletionTimestamp == nil {
		return time.Time{}
	}
	var grace int64
	if g := pod.DeletionGracePeriodSeconds; g != nil {
		grace = *g
	}
	return pod.DeletionTimestamp.Add(-time.Duration(grace) * time.Second)
}
