package podwire

import corev1 "k8s.io/api/core/v1"

func (d *Decoder) spec(b []byte, m *corev1.PodSpec, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 2:
			r.must(d.container(r.bytes(), add(&m.Containers, &s.containers), s))
		case 10:
			m.NodeName = d.string(&r)
		case 20:
			r.must(d.container(r.bytes(), add(&m.InitContainers, &s.initContainers), s))
		case 34:
			r.must(d.ephemeral(r.bytes(), add(&m.EphemeralContainers, &s.ephemeralContainers), s))
		}
	}
	return !r.bad
}

func (d *Decoder) container(b []byte, c *corev1.Container, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		switch r.field {
		case 1:
			c.Name = d.string(&r)
		case 2:
			c.Image = d.string(&r)
		case 24:
			c.RestartPolicy = s.policies.set(corev1.ContainerRestartPolicy(d.string(&r)))
		}
	}
	return !r.bad
}

// ephemeral reads an ephemeral container, whose first field has what it has in
// common with others, under the same numbers.
func (d *Decoder) ephemeral(b []byte, c *corev1.EphemeralContainer, s *spare) bool {
	r := reader{rest: b}
	for r.next() {
		if r.field == 1 {
			r.must(d.container(r.bytes(), (*corev1.Container)(&c.EphemeralContainerCommon), s))
		}
	}
	return !r.bad
}
