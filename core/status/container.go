package status

import (
	corev1 "k8s.io/api/core/v1"
)

// containerState is the last emitted state of one container.
type containerState struct {
	name       string
	detail     uint64 // hash of reason, message, exit code and signal
	terminated uint64 // identity of the last termination emitted or known; 0: none
	restarts   int32
	ended      int32 // number of the last run whose end was emitted or known; -1: none
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

// kindOf returns the kind of a state. Kubernetes defines an empty state as waiting.
func kindOf(s corev1.ContainerState) kind {
	switch {
	case s.Terminated != nil:
		return terminated
	case s.Running != nil:
		return running
	}
	return waiting
}

// sameContainer reports whether two states of a container need no record. A
// termination that becomes the container's last one is no change.
func sameContainer(a, b *containerState) bool {
	return a.detail == b.detail && a.restarts == b.restarts && a.kind == b.kind && a.ready == b.ready
}
