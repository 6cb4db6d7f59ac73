package snapshot

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// devices contains the last emitted health of the devices that are allocated to a
// container: for each, a hash of its id and its health. Most containers have none.
type devices string

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

func devicesOf(c *corev1.ContainerStatus) devices {
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
	return devices(b)
}

func appendDevice(b []byte, id uint32, h health) []byte {
	return append(binary.LittleEndian.AppendUint32(b, id), byte(h))
}

// firstHash returns the hash of the first device.
func (d devices) firstHash() uint32 {
	return binary.LittleEndian.Uint32([]byte(d[:deviceHashSize]))
}

func deviceHash(r *corev1.ResourceStatus, d *corev1.ResourceHealth) uint32 {
	sum := mix(xxhash.Sum64String(string(r.Name)), xxhash.Sum64String(string(d.ResourceID)))
	return uint32(sum) //nolint:gosec // the lower half is enough
}

// get returns the health of a device, and whether the device is known.
func (d devices) get(id uint32) (health, bool) {
	for ; len(d) >= deviceSize; d = d[deviceSize:] {
		if d.firstHash() == id {
			return health(d[deviceHashSize]), true
		}
	}
	return otherHealth, false
}

// device is a device that is allocated to a container.
type device struct {
	resource *corev1.ResourceStatus
	health   *corev1.ResourceHealth
}

// changedDevices appends to list the devices whose health needs a record. A device
// that appears needs one only if it is unhealthy: until its driver reports for the
// first time, its health is unknown.
func changedDevices(list []device, before devices, c *corev1.ContainerStatus) []device {
	for i := range c.AllocatedResourcesStatus {
		r := &c.AllocatedResourcesStatus[i]
		for j := range r.Resources {
			d := &r.Resources[j]
			was, known := before.get(deviceHash(r, d))
			if now := healthOf(d.Health); known && was != now || !known && now == unhealthy {
				list = append(list, device{r, d})
			}
		}
	}
	return list
}

// unhealthyDevice returns the first unhealthy device of a container.
func unhealthyDevice(c *corev1.ContainerStatus) (device, bool) {
	for i := range c.AllocatedResourcesStatus {
		r := &c.AllocatedResourcesStatus[i]
		for j := range r.Resources {
			if healthOf(r.Resources[j].Health) == unhealthy {
				return device{r, &r.Resources[j]}, true
			}
		}
	}
	return device{}, false
}

func (d device) message() string {
	if d.health.Message == nil {
		return ""
	}
	return *d.health.Message
}

// describe makes the record one about this device.
func (d device) describe(rec *record.Record) {
	rec.Container.Device = &record.Device{
		Resource: string(d.resource.Name), ID: string(d.health.ResourceID), Health: string(d.health.Health),
	}
	rec.Reason, rec.Info = string(d.health.Health), d.message()
	if healthOf(d.health.Health) == healthy {
		rec.Reason = ""
	}
}
