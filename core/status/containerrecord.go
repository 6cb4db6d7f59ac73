package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// container returns the record of a container's present state.
func (b *builder) container(pod *corev1.Pod, c podContainer, before *containerState) record.Record {
	rec := stateRecord(c, c.status.State, b.deleting())
	if c.status.State.Running == nil || before == nil {
		return rec
	}
	if before.ready && !c.status.Ready {
		rec.Level = record.LevelWarning
	}
	if before.kind == running && before.restarts == c.status.RestartCount {
		// Only the readiness changed, later than the container started.
		rec.OccurredAt = transitionTime(pod, corev1.ContainersReady)
	}
	return rec
}

// terminationRecord returns the record of a container's last termination with the
// state of that moment: not ready, and with the restart count before the restart.
func terminationRecord(c podContainer, deleting bool) record.Record {
	rec := stateRecord(c, c.status.LastTerminationState, deleting)
	rec.Container.Ready = false
	if rec.Container.RestartCount > 0 && kindOf(c.status.State) != waiting {
		rec.Container.RestartCount--
	}
	return rec
}

func stateRecord(c podContainer, s corev1.ContainerState, deleting bool) record.Record {
	rec := containerSummary(s, deleting).update()
	rec.Container = &record.Container{
		Name:         c.status.Name,
		Type:         c.typ,
		Image:        c.status.Image,
		Ready:        c.status.Ready,
		RestartCount: c.status.RestartCount,
		Status:       kindOf(s).String(),
	}
	switch {
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

// transitionTime returns the time of the last change of a condition, zero if the pod
// does not have the condition.
func transitionTime(pod *corev1.Pod, typ corev1.PodConditionType) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == typ {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}
