package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// hidden adds the records of terminations that only show as last ones.
func (b *builder) hidden(list []comparison) {
	for i := range list {
		if list[i].hidden {
			b.add(b.termination(&list[i]))
		}
	}
}

// containers adds the records of the present states of containers.
func (b *builder) containers(list []comparison) {
	for i := range list {
		c := &list[i]
		var room [enough]device
		changed := changedDevices(room[:0], c.was.Devices, c.status)
		if c.changed {
			rec := b.container(c)
			b.add(rec)
			changed = without(changed, rec.Container.Device)
		}
		for _, d := range changed {
			b.add(b.device(c, d))
		}
	}
}

// container returns the record of a container's present state.
func (b *builder) container(c *comparison) record.Record {
	facts := factsOf(b.event, c.podContainer, c.status.State)
	facts.lostReadiness = c.was.Ready && !c.status.Ready && hasReadiness(c.typ)
	rec := b.stateRecord(c, facts)
	switch {
	case facts.state.Running != nil:
		b.running(&rec, c, facts)
	case facts.state.Terminated != nil:
		b.terminated(&rec, c)
	default:
		rec.Message = because(" is waiting", rec.Reason) + explanation(&rec)
	}
	return rec
}

// hasReadiness reports whether a container of this type becomes ready and can lose its
// readiness. An init container is ready once it has ended well.
func hasReadiness(t record.ContainerType) bool { return t == record.Regular || t == record.Sidecar }

func (b *builder) running(rec *record.Record, c *comparison, facts containerFacts) {
	rec.Message = runningMessage(rec, facts.lostReadiness)
	if c.known && c.was.Kind == snapshot.Running && c.was.Restarts == c.status.RestartCount {
		rec.OccurredAt = b.readinessTime(c)
	}
	if d, ok := unhealthyDevice(c.status); ok {
		d.describe(rec)
		rec.Message += ", with an unhealthy device: " + deviceName(rec)
	}
}

// readinessTime returns the time at which only the readiness of a container changed:
// that of the condition ContainersReady, if it changed in the same way. With several
// containers it often did not; then Kubernetes gives no time.
func (b *builder) readinessTime(c *comparison) time.Time {
	now := snapshot.FindCondition(b.event.Status.Conditions, string(corev1.ContainersReady), 0)
	if now == nil || (now.Status == corev1.ConditionTrue) != c.status.Ready {
		return time.Time{}
	}
	if b.prev != nil && b.prev.Conditions().Get(string(corev1.ContainersReady)).Status == string(now.Status) {
		return time.Time{}
	}
	return now.LastTransitionTime.Time
}

func (b *builder) terminated(rec *record.Record, c *comparison) {
	rec.Message = terminatedMessage(rec)
	if neverStarted(c.status, c.before()) {
		rec.Message = because(" never started", rec.Reason) + explanation(rec)
	}
	if invented(c.status.State.Terminated) && c.known && c.was.Kind == snapshot.Running {
		rec.Container.RestartCount = c.was.Restarts // the kubelet raises it with the end, not with the next run
	}
}

// termination returns the record of a container's last termination with the state of
// that moment: not ready, and with the restart count of the run that ended.
func (b *builder) termination(c *comparison) record.Record {
	rec := b.stateRecord(c, factsOf(b.event, c.podContainer, c.status.LastTerminationState))
	rec.Container.Ready = false
	rec.Container.RestartCount = max(0, lastRun(c.status, c.before()))
	rec.Message = terminatedMessage(&rec)
	return rec
}

// device returns the record of a change in the health of a device.
func (b *builder) device(c *comparison, d device) record.Record {
	rec := b.stateRecord(c, factsOf(b.event, c.podContainer, c.status.State))
	rec.OccurredAt = time.Time{} // Kubernetes gives no time
	rec.Level = record.LevelInfo
	if !d.is(corev1.ResourceHealthStatusHealthy) && !deleting(b.event) {
		rec.Level = record.LevelWarning
	}
	d.describe(&rec)
	rec.Message = deviceMessage(&rec)
	return rec
}

// without returns the devices other than one that has its record.
func without(list []device, reported *record.Device) []device {
	if reported == nil {
		return list
	}
	for i, d := range list {
		if string(d.health.ResourceID) == reported.ID && string(d.resource.Name) == reported.Resource {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

func (b *builder) stateRecord(c *comparison, facts containerFacts) record.Record {
	rec := facts.summary().update()
	rec.Container = &record.Container{
		Name:         c.status.Name,
		Type:         c.typ,
		Image:        imageOf(b.event, c.podContainer),
		Ready:        c.status.Ready,
		RestartCount: c.status.RestartCount,
		Status:       snapshot.KindOf(facts.state).String(),
	}
	switch s := facts.state; {
	case s.Running != nil:
		rec.OccurredAt = s.Running.StartedAt.Time
	case s.Terminated != nil:
		rec.OccurredAt = s.Terminated.FinishedAt.Time
		rec.Container.Terminated = true
		rec.Container.ExitCode = s.Terminated.ExitCode
		rec.Container.Signal = s.Terminated.Signal
	}
	return rec
}
