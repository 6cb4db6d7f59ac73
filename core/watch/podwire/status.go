package podwire

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	statusPhase               = 1
	statusConditions          = 2
	statusMessage             = 3
	statusReason              = 4
	statusContainers          = 8
	statusInitContainers      = 10
	statusEphemeralContainers = 13
	statusResize              = 14

	conditionType               = 1
	conditionStatus             = 2
	conditionLastTransitionTime = 4
	conditionReason             = 5
	conditionMessage            = 6

	containerStatusName                     = 1
	containerStatusState                    = 2
	containerStatusLastTerminationState     = 3
	containerStatusReady                    = 4
	containerStatusRestartCount             = 5
	containerStatusImage                    = 6
	containerStatusAllocatedResourcesStatus = 14

	stateWaiting    = 1
	stateRunning    = 2
	stateTerminated = 3

	waitingReason  = 1
	waitingMessage = 2

	runningStartedAt = 1

	terminatedExitCode    = 1
	terminatedSignal      = 2
	terminatedReason      = 3
	terminatedMessage     = 4
	terminatedStartedAt   = 5
	terminatedFinishedAt  = 6
	terminatedContainerID = 7
)

func (d *Decoder) status(b []byte, m *corev1.PodStatus, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case statusPhase:
			m.Phase = corev1.PodPhase(d.string(&r))
		case statusConditions:
			r.Require(d.condition(r.Bytes(), add(&m.Conditions, &s.conditions)))
		case statusMessage:
			m.Message = d.string(&r)
		case statusReason:
			m.Reason = d.string(&r)
		case statusContainers:
			r.Require(d.containerStatus(r.Bytes(), add(&m.ContainerStatuses, &s.statuses), s))
		case statusInitContainers:
			r.Require(d.containerStatus(r.Bytes(), add(&m.InitContainerStatuses, &s.initStatuses), s))
		case statusEphemeralContainers:
			r.Require(d.containerStatus(r.Bytes(), add(&m.EphemeralContainerStatuses, &s.ephemeralStatuses), s))
		case statusResize:
			//nolint:staticcheck // deprecated, but Kubernetes 1.27 to 1.32 report resizes in it
			m.Resize = corev1.PodResizeStatus(d.string(&r))
		}
	}
	return r.OK()
}

func (d *Decoder) condition(b []byte, c *corev1.PodCondition) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case conditionType:
			c.Type = corev1.PodConditionType(d.string(&r))
		case conditionStatus:
			c.Status = corev1.ConditionStatus(d.string(&r))
		case conditionLastTransitionTime:
			r.Require(wire.Time(r.Bytes(), &c.LastTransitionTime))
		case conditionReason:
			c.Reason = d.string(&r)
		case conditionMessage:
			c.Message = d.string(&r)
		}
	}
	return r.OK()
}

func (d *Decoder) containerStatus(b []byte, c *corev1.ContainerStatus, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case containerStatusName:
			c.Name = d.string(&r)
		case containerStatusState:
			r.Require(d.state(r.Bytes(), &c.State, s))
		case containerStatusLastTerminationState:
			r.Require(d.state(r.Bytes(), &c.LastTerminationState, s))
		case containerStatusReady:
			c.Ready = r.Varint() != 0
		case containerStatusRestartCount:
			c.RestartCount = int32(r.Varint()) //nolint:gosec // that is how it is encoded
		case containerStatusImage:
			c.Image = d.string(&r)
		case containerStatusAllocatedResourcesStatus:
			c.AllocatedResourcesStatus = append(c.AllocatedResourcesStatus, corev1.ResourceStatus{})
			r.Require(d.resource(r.Bytes(), &c.AllocatedResourcesStatus[len(c.AllocatedResourcesStatus)-1]))
		}
	}
	return r.OK()
}

func (d *Decoder) state(b []byte, m *corev1.ContainerState, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case stateWaiting:
			if m.Waiting == nil {
				m.Waiting = s.waiting.take()
			}
			r.Require(d.waiting(r.Bytes(), m.Waiting))
		case stateRunning:
			if m.Running == nil {
				m.Running = s.running.take()
			}
			r.Require(d.running(r.Bytes(), m.Running))
		case stateTerminated:
			if m.Terminated == nil {
				m.Terminated = s.terminated.take()
			}
			r.Require(d.terminated(r.Bytes(), m.Terminated))
		}
	}
	return r.OK()
}

func (d *Decoder) waiting(b []byte, m *corev1.ContainerStateWaiting) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case waitingReason:
			m.Reason = d.string(&r)
		case waitingMessage:
			m.Message = d.string(&r)
		}
	}
	return r.OK()
}

func (*Decoder) running(b []byte, m *corev1.ContainerStateRunning) bool {
	r := wire.NewReader(b)
	for r.Next() {
		if r.Field == runningStartedAt {
			r.Require(wire.Time(r.Bytes(), &m.StartedAt))
		}
	}
	return r.OK()
}

func (d *Decoder) terminated(b []byte, m *corev1.ContainerStateTerminated) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case terminatedExitCode:
			m.ExitCode = int32(r.Varint()) //nolint:gosec // that is how it is encoded
		case terminatedSignal:
			m.Signal = int32(r.Varint()) //nolint:gosec // that is how it is encoded
		case terminatedReason:
			m.Reason = d.string(&r)
		case terminatedMessage:
			m.Message = d.string(&r)
		case terminatedStartedAt:
			r.Require(wire.Time(r.Bytes(), &m.StartedAt))
		case terminatedFinishedAt:
			r.Require(wire.Time(r.Bytes(), &m.FinishedAt))
		case terminatedContainerID:
			m.ContainerID = d.string(&r)
		}
	}
	return r.OK()
}
