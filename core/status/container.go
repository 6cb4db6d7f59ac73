package status

import (
	corev1 "k8s.io/api/core/v1"
)

// containerState is what was told of one container.
type containerState struct {
	name       string
	detail     uint64 // hash of reason, message, exit code and signal
	terminated uint64 // identity of the last termination told or known; 0: none
	restarts   int32
	ended      int32 // number of the last run whose end was told or known; -1: none
	kind       kind
	ready      bool
}

// kind is Kubernetes' own state of a container.
type kind uint8

const (
	waiting kind = iota
	running
	terminated
)

func (k kind) String() string {
	return [...]string{"waiting", "running", "terminated"}[k]
}

func stateOf(c *corev1.ContainerStatus) containerState {
	s := containerState{
		name:       c.Name,
		detail:     detailHash(c.State),
		restarts:   c.RestartCount,
		kind:       kindOf(c.State),
		ready:      c.Ready,
		terminated: terminationID(c.LastTerminationState.Terminated),
	}
	s.ended = lastRun(c)
	if c.State.Terminated != nil {
		s.terminated = terminationID(c.State.Terminated)
		s.ended = c.RestartCount
	}
	return s
}

// lastRun returns the number of the run that the last termination is of. Runs
// are numbered by the restart count that they have: that of a container which
// waits in back-off is still the one of the run that ended.
func lastRun(c *corev1.ContainerStatus) int32 {
	if c.LastTerminationState.Terminated != nil && kindOf(c.State) == waiting {
		return c.RestartCount
	}
	return c.RestartCount - 1
}

// carry takes over what is known of terminations from the state before, where
// no new one has been told. That the container is terminated now is told anyhow.
func (s *containerState) carry(before *containerState) {
	if s.kind != terminated && s.restarts >= before.restarts {
		s.ended = before.ended
	}
	if s.kind == running { // so this run has not ended: the count was raised before
		s.ended = min(s.ended, s.restarts-1)
	}
	if s.terminated == 0 {
		s.terminated = before.terminated
	}
}

// doubt leaves open whether the run that has just been told is that of the
// present count, where a waiting container's count rose: some raise it before the
// next run. What ends then is told apart by its time or container.
func (s *containerState) doubt(before *containerState, c *corev1.ContainerStatus) {
	if before != nil && s.kind == waiting && s.restarts > before.restarts && !anonymous(c.LastTerminationState.Terminated) {
		s.ended = s.restarts - 1
	}
}

// kindOf tells the kind of a state. As Kubernetes defines it, one that says
// nothing is waiting.
func kindOf(s corev1.ContainerState) kind {
	switch {
	case s.Terminated != nil:
		return terminated
	case s.Running != nil:
		return running
	}
	return waiting
}

// sameContainer tells whether nothing has to be told of a container. That a
// termination became the last one of the container is no change of its own.
func sameContainer(a, b *containerState) bool {
	return a.detail == b.detail && a.restarts == b.restarts && a.kind == b.kind && a.ready == b.ready
}
