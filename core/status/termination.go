package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// A container can start, end and start again between two events, or between two looks
// of the kubelet. Only its last termination shows this. The code here decides whether
// that termination needs a record.

// hiddenTermination reports whether a container terminated without a record: its last
// termination belongs to a later run than the last one that was emitted or known.
// before is nil if nothing is known of the container.
//
// A raised restart count is neither a sufficient nor a necessary sign: a container
// that ran, ended and now waits in back-off has the same count as before. Some
// programs raise the count already at that point. Therefore an identical termination
// is taken for the emitted one, unless it has neither times nor a container ID.
func (cmp comparer) hiddenTermination(c *corev1.ContainerStatus, before *snapshot.Container) bool {
	last := c.LastTerminationState.Terminated
	return last != nil && laterTermination(c, before) && !cmp.replaced(last)
}

func laterTermination(c *corev1.ContainerStatus, before *snapshot.Container) bool {
	if before == nil {
		return true
	}
	last := c.LastTerminationState.Terminated
	same := snapshot.TerminationID(last) == before.Terminated
	if c.RestartCount < before.Restarts { // the count was reset
		return !same
	}
	if lastRun(c, before) <= before.Ended {
		return false
	}
	return !same || anonymous(last) && before.Kind != snapshot.Terminated
}

// knownTermination reports whether a record of a container's present termination was
// emitted before. The kubelet repeats the last termination when it ends a container
// that waits in back-off, and invents one when it has lost the container.
func knownTermination(c *corev1.ContainerStatus, before *snapshot.Container) bool {
	t := c.State.Terminated
	if t == nil || before == nil || before.Kind == snapshot.Running {
		return false
	}
	if invented(t) {
		return before.Terminated != 0
	}
	return before.Kind == snapshot.Waiting && snapshot.TerminationID(t) == before.Terminated && !anonymous(t)
}

// neverStarted reports whether a termination is that of a container that never ran.
func neverStarted(c *corev1.ContainerStatus, before *snapshot.Container) bool {
	t := c.State.Terminated
	return t != nil && invented(t) && before != nil && before.Kind == snapshot.Waiting && before.Terminated == 0
}

// anonymous reports whether a termination can't be distinguished from others.
func anonymous(t *corev1.ContainerStateTerminated) bool {
	return t.ContainerID == "" && t.StartedAt.IsZero() && t.FinishedAt.IsZero()
}

// Reasons of the kubelet for a termination that it did not observe.
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/kubelet_pods.go
const (
	reasonStatusUnknown = "ContainerStatusUnknown"
	reasonRestartingAll = "RestartingAllContainers"

	inventedExitCode = 137
)

// invented reports whether the kubelet made up a termination that it did not observe.
func invented(t *corev1.ContainerStateTerminated) bool {
	return t.ExitCode == inventedExitCode && anonymous(t) &&
		(t.Reason == reasonStatusUnknown || t.Reason == reasonRestartingAll)
}

// replaced reports whether a termination is invented for a container that was removed
// to restart all containers of the pod in place. The container waits for its next run,
// and its record contains the reason.
func (cmp comparer) replaced(t *corev1.ContainerStateTerminated) bool {
	return t.ExitCode == inventedExitCode && anonymous(t) && (t.Reason == reasonRestartingAll || cmp.restartsInPlace())
}

// lastRun returns the number of the run that the last termination ended. The number of
// a run is its restart count. A container that waits in back-off still has the count
// of the run that ended.
func lastRun(c *corev1.ContainerStatus, before *snapshot.Container) int32 {
	last := c.LastTerminationState.Terminated
	switch {
	case last == nil || snapshot.KindOf(c.State) != snapshot.Waiting:
		return c.RestartCount - 1
	case before != nil && invented(last):
		return lostRun(c, before)
	}
	return c.RestartCount
}

// lostRun returns the number of the run that ended when the kubelet lost a container
// that now waits. The kubelet raises the count of such a container before it runs again,
// but not while the pod is being deleted.
func lostRun(c *corev1.ContainerStatus, before *snapshot.Container) int32 {
	switch {
	case before.Kind == snapshot.Running:
		return before.Restarts
	case before.Terminated != 0:
		return before.Ended
	}
	return max(0, c.RestartCount-1) // it ran unobserved
}

// carry copies from the state before the terminations that are known, for a container
// without a hidden termination. A present terminated state gets a record in any case.
func carry(s, before *snapshot.Container) {
	if s.Kind != snapshot.Terminated && s.Restarts >= before.Restarts {
		s.Ended = before.Ended
	}
	if s.Kind == snapshot.Running { // so this run has not ended: the count was raised early
		s.Ended = min(s.Ended, s.Restarts-1)
	}
	if s.Terminated == 0 {
		s.Terminated = before.Terminated
	}
}

// reopen allows another termination of the present count after a hidden one, if the
// count of a waiting container rose: some programs raise it before the next run. Time
// and container ID then distinguish the terminations.
func reopen(s, before *snapshot.Container, c *corev1.ContainerStatus) {
	if before == nil || s.Kind != snapshot.Waiting || s.Restarts <= before.Restarts {
		return
	}
	if !anonymous(c.LastTerminationState.Terminated) {
		s.Ended = s.Restarts - 1
	}
}
