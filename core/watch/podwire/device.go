package podwire

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	resourceStatusName      = 1
	resourceStatusResources = 2

	resourceHealthResourceID = 1
	resourceHealthHealth     = 2
	resourceHealthMessage    = 6
)

// resource reads the devices that are allocated to a container. Few containers have
// any, so their memory is not reused.
func (d *Decoder) resource(b []byte, m *corev1.ResourceStatus) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case resourceStatusName:
			m.Name = corev1.ResourceName(d.string(&r))
		case resourceStatusResources:
			m.Resources = append(m.Resources, corev1.ResourceHealth{})
			r.Require(d.device(r.Bytes(), &m.Resources[len(m.Resources)-1]))
		}
	}
	return r.OK()
}

func (d *Decoder) device(b []byte, m *corev1.ResourceHealth) bool {
	r := wire.NewReader(b)
	for r.Next() {
		switch r.Field {
		case resourceHealthResourceID:
			m.ResourceID = corev1.ResourceID(d.string(&r))
		case resourceHealthHealth:
			m.Health = corev1.ResourceHealthStatus(d.string(&r))
		case resourceHealthMessage:
			m.Message = new(d.string(&r))
		}
	}
	return r.OK()
}
