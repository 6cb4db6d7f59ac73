package snapshot

import (
	corev1 "k8s.io/api/core/v1"
)

// Container is the last emitted state of one container.
type Container struct {
	Name       string
	Detail     uint64 // hash of reason, message, exit code and signal
	Terminated uint64 // [TerminationID] of the last termination emitted or known; 0: none
	Restarts   int32
	Ended      int32 // number of the last run whose end was emitted or known; -1: none
	Kind       Kind
	Ready      bool
	Devices    Devices
}

// Kind is Kubernetes' own state of a container.
type Kind uint8

// The kinds of states.
const (
	Waiting Kind = iota
	Running
	Terminated
)

// String returns the name that Kubernetes uses.
func (k Kind) String() string {
	return [...]string{"waiting", "running", "terminated"}[k]
}

// ContainerOf returns the state of a container with what follows from its status alone,
// which is everything except Ended.
func ContainerOf(c *corev1.ContainerStatus) Container {
	s := Container{
		Name:       c.Name,
		Detail:     detailHash(c.State),
		Terminated: TerminationID(c.LastTerminationState.Terminated),
		Restarts:   c.RestartCount,
		Kind:       KindOf(c.State),
		Ready:      c.Ready,
		Devices:    devicesOf(c),
	}
	if c.State.Terminated != nil {
		s.Terminated = TerminationID(c.State.Terminated)
	}
	return s
}

// KindOf returns the kind of a state. Kubernetes defines an empty state as waiting.
func KindOf(s corev1.ContainerState) Kind {
	switch {
	case s.Terminated != nil:
		return Terminated
	case s.Running != nil:
		return Running
	}
	return Waiting
}
