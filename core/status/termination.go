package status

import (
	corev1 "k8s.io/api/core/v1"
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
func hiddenTermination(c *corev1.ContainerStatus, before *containerState) bool {
	last := c.LastTerminationState.Terminated
	if last == nil {
		return false
	}
	if before == nil {
		return true
	}
	same := terminationID(last) == before.terminated
	if c.RestartCount < before.restarts { // the count was reset
		return !same
	}
	if lastRun(c) <= before.ended {
		return false
	}
	return !same || anonymous(last) && before.kind != terminated
}

// anonymous reports whether a termination can't be distinguished from others.
func anonymous(t *corev1.ContainerStateTerminated) bool {
	return t.ContainerID == "" && t.StartedAt.IsZero() && t.FinishedAt.IsZero()
}

// lastRun returns the number of the run that the last termination ended. The number of
// a run is its restart count. A container that waits in back-off still has the count
// of the run that ended.
func lastRun(c *corev1.ContainerStatus) int32 {
	if c.LastTerminationState.Terminated != nil && kindOf(c.State) == waiting {
		return c.RestartCount
	}
	return c.RestartCount - 1
}

// carry copies from the state before the terminations that are known, for a container
// without a hidden termination. A present terminated state gets a record in any case.
func (s *containerState) carry(before *containerState) {
	if s.kind != terminated && s.restarts >= before.restarts {
		s.ended = before.ended
	}
	if s.kind == running { // so this run has not ended: the count was raised early
		s.ended = min(s.ended, s.restarts-1)
	}
	if s.terminated == 0 {
		s.terminated = before.terminated
	}
}

// reopen allows another termination of the present count after a hidden one, if the
// count of a waiting container rose: some programs raise it before the next run. Time
// and container ID then distinguish the terminations.
func (s *containerState) reopen(before *containerState, c *corev1.ContainerStatus) {
	if before == nil || s.kind != waiting || s.restarts <= before.restarts {
		return
	}
	if !anonymous(c.LastTerminationState.Terminated) {
		s.ended = s.restarts - 1
	}
}
