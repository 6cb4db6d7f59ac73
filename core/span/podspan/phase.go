package podspan

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/span"
)

// Phase is a part of a pod's start or of an incident.
type Phase struct {
	Name       string
	Container  string // empty: the pod as a whole
	Run        int32  // of the container; the first is 0
	Start, End time.Time
	ExitCode   int32  // of an init container or a run
	Error      string // reason of a failed run
}

// Phases returns the phases of a pod's start up to a time, in order: all that have ended, and the one that the pod, or
// each of its containers, is in. For each container they follow one another without a gap.
func Phases(pod *corev1.Pod, end time.Time) []Phase {
	p := phases{at: pod.CreationTimestamp.Time, end: end}
	if !p.until(span.Schedule, isTrue(pod, corev1.PodScheduled)) {
		return p.list
	}
	if c := condition(pod, corev1.PodReadyToStartContainers); c != nil && !p.sandbox(c) {
		return p.list
	}
	for i := range pod.Status.InitContainerStatuses {
		if c := &pod.Status.InitContainerStatuses[i]; !isSidecar(pod, c.Name) && !p.init(c) {
			return p.list
		}
	}
	from := p.at
	for i := range pod.Status.ContainerStatuses {
		p.at = from
		p.container(&pod.Status.ContainerStatuses[i])
	}
	return p.list
}

// maxPhases is the number of phases that a pod may have; docs/traces.md lists it.
const maxPhases = 100

// phases collects phases that follow one another.
type phases struct {
	list    []Phase
	at, end time.Time
}

// add adds a phase that begins where the last one ended. It ends at p.end if to is zero, and is the last one then.
func (p *phases) add(phase Phase, to time.Time) (ended bool) {
	ended = !to.IsZero()
	if !ended {
		to = p.end
	}
	phase.Start, phase.End = p.at, span.Later(p.at, to)
	if len(p.list) < maxPhases {
		p.list = append(p.list, phase)
	}
	p.at = phase.End
	return ended
}

func (p *phases) until(name string, to time.Time) (ended bool) { return p.add(Phase{Name: name}, to) }

// sandbox adds the phase of the sandbox. A pod that ends loses it: the time at which it was ready is gone then, and the
// next phase begins earlier.
func (p *phases) sandbox(c *corev1.PodCondition) (ended bool) {
	const soon = 2 * time.Second
	switch {
	case c.Status == corev1.ConditionTrue:
		return p.until(span.Sandbox, c.LastTransitionTime.Time)
	case c.LastTransitionTime.Sub(p.at) > soon:
		return true
	}
	return p.until(span.Sandbox, time.Time{})
}

// init adds the last run of an init container, from the end of the phase before, when the kubelet turns to its image.
// ended is false if the next one can't begin.
func (p *phases) init(c *corev1.ContainerStatus) (ended bool) {
	phase := Phase{Name: span.Init, Container: c.Name, Run: c.RestartCount}
	p.backOff(c)
	t := c.State.Terminated
	if t == nil {
		return p.add(phase, time.Time{})
	}
	if t.ExitCode != 0 { // a run that failed has a span of its own
		return false
	}
	return p.add(phase, t.FinishedAt.Time)
}

// container adds the phases of a container that isn't an init container.
func (p *phases) container(c *corev1.ContainerStatus) {
	p.backOff(c)
	name := span.Create
	if c.RestartCount > 0 {
		name = span.BackOff
	}
	started := startedAt(c)
	if !p.add(Phase{Name: name, Container: c.Name, Run: c.RestartCount}, started) {
		return
	}
	p.add(Phase{Name: span.StartToReady, Container: c.Name, Run: c.RestartCount}, p.end)
}

// backOff skips the runs before the last one, which have spans of their own.
func (p *phases) backOff(c *corev1.ContainerStatus) {
	if last := c.LastTerminationState.Terminated; last != nil && c.RestartCount > 0 {
		p.at = span.Later(p.at, last.FinishedAt.Time)
	}
}

// startedAt returns when the container's last run started, zero if it hasn't yet.
func startedAt(c *corev1.ContainerStatus) time.Time {
	switch {
	case c.State.Running != nil:
		return c.State.Running.StartedAt.Time
	case c.State.Terminated != nil:
		return c.State.Terminated.StartedAt.Time
	}
	return time.Time{}
}

// isSidecar reports whether an init container runs beside the others.
func isSidecar(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

// isTrue returns since when a condition is true, zero if it is not.
func isTrue(pod *corev1.Pod, typ corev1.PodConditionType) time.Time {
	if c := condition(pod, typ); c != nil && c.Status == corev1.ConditionTrue {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

func condition(pod *corev1.Pod, typ corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == typ {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func reasonOf(t *corev1.ContainerStateTerminated) string {
	if t.Reason == "" {
		return "Error"
	}
	return t.Reason
}
