package podwire

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	specContainers          = 2
	specNodeName            = 10
	specInitContainers      = 20
	specReadinessGates      = 28
	specEphemeralContainers = 34

	containerName          = 1
	containerImage         = 2
	containerRestartPolicy = 24

	ephemeralContainerCommon = 1

	readinessGateConditionType = 1
)

func (d *Decoder) spec(b []byte, m *corev1.PodSpec, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case specContainers:
			r.Require(d.container(r.Bytes(), add(&m.Containers, &s.containers), s))
		case specNodeName:
			m.NodeName = d.string(&r)
		case specInitContainers:
			r.Require(d.container(r.Bytes(), add(&m.InitContainers, &s.initContainers), s))
		case specReadinessGates:
			r.Require(d.readinessGate(r.Bytes(), add(&m.ReadinessGates, &s.readinessGates)))
		case specEphemeralContainers:
			r.Require(d.ephemeral(r.Bytes(), add(&m.EphemeralContainers, &s.ephemeralContainers), s))
		}
	}
	return r.OK()
}

func (d *Decoder) container(b []byte, c *corev1.Container, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case containerName:
			c.Name = d.string(&r)
		case containerImage:
			c.Image = d.string(&r)
		case containerRestartPolicy:
			c.RestartPolicy = s.policies.set(corev1.ContainerRestartPolicy(d.string(&r)))
		}
	}
	return r.OK()
}

// ephemeral reads an ephemeral container. Its first field has the fields that all
// kinds of containers have in common, under the same numbers.
func (d *Decoder) ephemeral(b []byte, c *corev1.EphemeralContainer, s *spare) bool {
	r := wire.NewReader(b)
	for r.Next() {
		if r.Field == ephemeralContainerCommon {
			r.Require(d.container(r.Bytes(), (*corev1.Container)(&c.EphemeralContainerCommon), s))
		}
	}
	return r.OK()
}

func (d *Decoder) readinessGate(b []byte, g *corev1.PodReadinessGate) bool {
	r := wire.NewReader(b)
	for r.Next() {
		if r.Field == readinessGateConditionType {
			g.ConditionType = corev1.PodConditionType(d.string(&r))
		}
	}
	return r.OK()
}
