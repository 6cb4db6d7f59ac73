package podwire

import corev1 "k8s.io/api/core/v1"

func (d *Decoder) status(b []byte, m *corev1.PodStatus, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			m.Phase = corev1.PodPhase(d.string(&r))
		case 2:
			r.must(d.condition(r.bytes(), add(&m.Conditions, &s.conditions)))
		case 3:
			m.Message = d.string(&r)
		case 4:
			m.Reason = d.string(&r)
		case 8:
			r.must(d.containerStatus(r.bytes(), add(&m.ContainerStatuses, &s.statuses), s))
		case 10:
			r.must(d.containerStatus(r.bytes(), add(&m.InitContainerStatuses, &s.initStatuses), s))
		case 13:
			r.must(d.containerStatus(r.bytes(), add(&m.EphemeralContainerStatuses, &s.ephemeralStatuses), s))
		}
	}
	return !r.bad
}

func (d *Decoder) condition(b []byte, c *corev1.PodCondition) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			c.Type = corev1.PodConditionType(d.string(&r))
		case 2:
			c.Status = corev1.ConditionStatus(d.string(&r))
		case 4:
			r.must(timeOf(r.bytes(), &c.LastTransitionTime))
		case 5:
			c.Reason = d.string(&r)
		case 6:
			c.Message = d.string(&r)
		}
	}
	return !r.bad
}

func (d *Decoder) containerStatus(b []byte, c *corev1.ContainerStatus, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			c.Name = d.string(&r)
		case 2:
			r.must(d.state(r.bytes(), &c.State, s))
		case 3:
			r.must(d.state(r.bytes(), &c.LastTerminationState, s))
		case 4:
			c.Ready = r.varint() != 0
		case 5:
			c.RestartCount = int32(r.varint()) //nolint:gosec // that is how it is encoded
		case 6:
			c.Image = d.string(&r)
		}
	}
	return !r.bad
}

func (d *Decoder) state(b []byte, m *corev1.ContainerState, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			if m.Waiting == nil {
				m.Waiting = s.waiting.take()
			}
			r.must(d.waiting(r.bytes(), m.Waiting))
		case 2:
			if m.Running == nil {
				m.Running = s.running.take()
			}
			r.must(d.running(r.bytes(), m.Running))
		case 3:
			if m.Terminated == nil {
				m.Terminated = s.terminated.take()
			}
			r.must(d.terminated(r.bytes(), m.Terminated))
		}
	}
	return !r.bad
}

func (d *Decoder) waiting(b []byte, m *corev1.ContainerStateWaiting) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			m.Reason = d.string(&r)
		case 2:
			m.Message = d.string(&r)
		}
	}
	return !r.bad
}

func (*Decoder) running(b []byte, m *corev1.ContainerStateRunning) bool {
	r := reader{rest: b}
	for r.next() {
		if r.field == 1 {
			r.must(timeOf(r.bytes(), &m.StartedAt))
		}
	}
	return !r.bad
}

func (d *Decoder) terminated(b []byte, m *corev1.ContainerStateTerminated) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			m.ExitCode = int32(r.varint()) //nolint:gosec // that is how it is encoded
		case 2:
			m.Signal = int32(r.varint()) //nolint:gosec // that is how it is encoded
		case 3:
			m.Reason = d.string(&r)
		case 4:
			m.Message = d.string(&r)
		case 5:
			r.must(timeOf(r.bytes(), &m.StartedAt))
		case 6:
			r.must(timeOf(r.bytes(), &m.FinishedAt))
		case 7:
			m.ContainerID = d.string(&r)
		}
	}
	return !r.bad
}
