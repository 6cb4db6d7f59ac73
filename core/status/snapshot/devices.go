package snapshot

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	corev1 "k8s.io/api/core/v1"
)

// Devices contains the last emitted health of the devices that are allocated to a
// container: for each, a hash of its id and its health. Most containers have none.
type Devices string

const (
	deviceHashSize = 4
	deviceSize     = deviceHashSize + 1
)

// health is the health of a device.
type health uint8

const (
	otherHealth health = iota
	healthy
	unhealthy
	unknownHealth
)

func healthOf(s corev1.ResourceHealthStatus) health {
	switch s {
	case corev1.ResourceHealthStatusHealthy:
		return healthy
	case corev1.ResourceHealthStatusUnhealthy:
		return unhealthy
	case corev1.ResourceHealthStatusUnknown:
		return unknownHealth
	}
	return otherHealth
}

func devicesOf(c *corev1.ContainerStatus) Devices {
	if len(c.AllocatedResourcesStatus) == 0 {
		return ""
	}
	var b []byte
	for i := range c.AllocatedResourcesStatus {
		r := &c.AllocatedResourcesStatus[i]
		for j := range r.Resources {
			b = appendDevice(b, deviceHash(r, &r.Resources[j]), healthOf(r.Resources[j].Health))
		}
	}
	return Devices(b)
}

func appendDevice(b []byte, id uint32, h health) []byte {
	return append(binary.LittleEndian.AppendUint32(b, id), byte(h))
}

// firstHash returns the hash of the first device.
func (d Devices) firstHash() uint32 {
	return binary.LittleEndian.Uint32([]byte(d[:deviceHashSize]))
}

func deviceHash(r *corev1.ResourceStatus, d *corev1.ResourceHealth) uint32 {
	sum := mix(xxhash.Sum64String(string(r.Name)), xxhash.Sum64String(string(d.ResourceID)))
	return uint32(sum) //nolint:gosec // the lower half is enough
}

// get returns the health of a device, and whether the device is known.
func (d Devices) get(id uint32) (health, bool) {
	for ; len(d) >= deviceSize; d = d[deviceSize:] {
		if d.firstHash() == id {
			return health(d[deviceHashSize]), true
		}
	}
	return otherHealth, false
}

// Compare reports whether the device is known, and whether its health is the same now.
func (d Devices) Compare(r *corev1.ResourceStatus, now *corev1.ResourceHealth) (known, same bool) {
	was, known := d.get(deviceHash(r, now))
	return known, known && was == healthOf(now.Health)
}
