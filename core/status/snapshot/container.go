package snapshot

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
	devices    devices
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

// stateOf returns the state of a container. before is nil if nothing is known of it.
func stateOf(c *corev1.ContainerStatus, before *containerState) containerState {
	s := containerState{
		name:       c.Name,
		detail:     detailHash(c.State),
		restarts:   c.RestartCount,
		kind:       kindOf(c.State),
		ready:      c.Ready,
		terminated: terminationID(c.LastTerminationState.Terminated),
		ended:      lastRun(c, before),
		devices:    devicesOf(c),
	}
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

// sameContainer reports whether two states of a container need no record, apart from
// the health of devices. A termination that becomes the last one is no change.
func sameContainer(a, b *containerState) bool {
	return a.detail == b.detail && a.restarts == b.restarts && a.kind == b.kind && a.ready == b.ready
}
