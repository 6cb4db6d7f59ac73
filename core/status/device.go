package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// device is a device that is allocated to a container.
type device struct {
	resource *corev1.ResourceStatus
	health   *corev1.ResourceHealth
}

func (d device) is(h corev1.ResourceHealthStatus) bool { return d.health.Health == h }

// changedDevices appends to list the devices whose health needs a record. A device
// that appears needs one only if it is unhealthy: until its driver reports for the
// first time, its health is unknown.
func changedDevices(list []device, before snapshot.Devices, c *corev1.ContainerStatus) []device {
	for i := range c.AllocatedResourcesStatus {
		r := &c.AllocatedResourcesStatus[i]
		for j := range r.Resources {
			d := device{r, &r.Resources[j]}
			known, same := before.Compare(d.resource, d.health)
			if known && !same || !known && d.is(corev1.ResourceHealthStatusUnhealthy) {
				list = append(list, d)
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
			if d := (device{r, &r.Resources[j]}); d.is(corev1.ResourceHealthStatusUnhealthy) {
				return d, true
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
	if d.is(corev1.ResourceHealthStatusHealthy) {
		rec.Reason = ""
	}
}
