package compare

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// statuses returns all container statuses of the pod.
func statuses(p *corev1.Pod) (all []*corev1.ContainerStatus) {
	for _, list := range [][]corev1.ContainerStatus{
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses,
	} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return all
}

// one changes one container of the pod.
func (l *life) one(change func(*corev1.Pod, *corev1.ContainerStatus)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		all := statuses(p)
		if len(all) == 0 {
			l.annotate(p)
			return
		}
		change(p, pick(l.world, all...))
	}
}

func (l *life) created(name, image string) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: name, Image: image, Started: new(false),
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: pick(l.world, "ContainerCreating",
			"PodInitializing", "")}},
	}
}

func (l *life) createAll(p *corev1.Pod) {
	p.Status.InitContainerStatuses, p.Status.ContainerStatuses = nil, nil
	for _, c := range p.Spec.InitContainers {
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, l.created(c.Name, c.Image))
	}
	for _, c := range p.Spec.Containers {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, l.created(c.Name, c.Image))
	}
	p.Status.StartTime = new(l.now())
}

func (l *life) runAll(p *corev1.Pod) {
	for _, c := range statuses(p) {
		l.run(p, c)
		c.Ready = l.chance(70)
	}
	p.Status.Phase = corev1.PodRunning
}

// endAll ends the containers as a deletion does.
func (l *life) endAll(p *corev1.Pod) {
	for _, c := range statuses(p) {
		if l.chance(80) {
			l.terminate(c, pick(l.world, int32(0), 137, 143), pick(l.world, "Completed", "Error"))
		}
	}
}

// advance takes a container to its next state.
func (l *life) advance(p *corev1.Pod, c *corev1.ContainerStatus) {
	switch {
	case c.State.Running != nil:
		l.terminate(c, pick(l.world, int32(0), 0, 1, 2, 137, 139, 255),
			pick(l.world, "Completed", "Error", "Error", "OOMKilled", "ContainerCannotRun", "StartError", ""))
	case c.State.Terminated != nil && l.chance(60):
		l.backOff(c)
	default:
		l.run(p, c)
	}
}

func (l *life) run(p *corev1.Pod, c *corev1.ContainerStatus) {
	if c.State.Terminated != nil {
		c.LastTerminationState = corev1.ContainerState{Terminated: c.State.Terminated}
	}
	if c.LastTerminationState.Terminated != nil {
		c.RestartCount++
	}
	c.ContainerID = fmt.Sprintf("containerd://%016x", l.rng.Uint64())
	c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: l.when()}}
	c.Started, p.Status.Phase = new(true), corev1.PodRunning
}

func (l *life) terminate(c *corev1.ContainerStatus, code int32, reason string) {
	c.Ready, c.Started = false, new(false)
	c.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, Signal: pick(l.world, int32(0), 0, 0, 9, 15),
		Message:   pick(l.world, "", "", l.text()),
		StartedAt: l.when(), FinishedAt: l.when(), ContainerID: c.ContainerID,
	}}
}

func (l *life) backOff(c *corev1.ContainerStatus) {
	c.LastTerminationState = c.State
	c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason:  "CrashLoopBackOff",
		Message: fmt.Sprintf("back-off %ds restarting failed container", pick(l.world, 10, 20, 40)),
	}}
}

func (l *life) flipReady(p *corev1.Pod, c *corev1.ContainerStatus) {
	c.Ready = !c.Ready
	status := pick(l.world, corev1.ConditionTrue, corev1.ConditionFalse)
	l.condition(p, corev1.PodReady, status, pick(l.world, "", "ContainersNotReady"), "")
}

func (l *life) pullError(_ *corev1.Pod, c *corev1.ContainerStatus) {
	c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason: pick(l.world, "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
			"RunContainerError", "ErrImageNeverPull"),
		Message: pick(l.world, `failed to pull and unpack image "registry.example.com/shop/web:1.2": not found`, l.text()),
	}}
}

// hiddenCrash ends a container and starts it again between two versions of the pod, once
// or more often, with or without a count.
func (l *life) hiddenCrash(_ *corev1.Pod, c *corev1.ContainerStatus) {
	before := c.State
	l.terminate(c, pick(l.world, int32(1), 137), pick(l.world, "Error", "OOMKilled"))
	c.LastTerminationState = corev1.ContainerState{Terminated: c.State.Terminated}
	c.RestartCount += pick(l.world, int32(0), 1, 1, 1, 3)
	c.State = before
	if l.chance(70) {
		c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: l.when()}}
	}
}

// regress takes the status back to an older one, as overlapping writers do.
func (l *life) regress(_ *corev1.Pod, c *corev1.ContainerStatus) {
	switch l.rng.IntN(3) {
	case 0:
		c.LastTerminationState = corev1.ContainerState{}
	case 1:
		if c.LastTerminationState.Terminated != nil {
			older := *c.LastTerminationState.Terminated
			older.FinishedAt = metav1.NewTime(older.FinishedAt.Add(-time.Minute))
			c.LastTerminationState.Terminated = &older
		}
	default:
		c.State, c.LastTerminationState = c.LastTerminationState, c.State
	}
	c.RestartCount = max(0, c.RestartCount-int32(l.rng.IntN(2)))
}

// odd is a status that no kubelet writes.
func (l *life) odd(_ *corev1.Pod, c *corev1.ContainerStatus) {
	switch l.rng.IntN(3) {
	case 0:
		c.State = corev1.ContainerState{}
	case 1:
		c.State = corev1.ContainerState{
			Running: &corev1.ContainerStateRunning{}, Waiting: &corev1.ContainerStateWaiting{Reason: l.text()},
		}
	default:
		c.RestartCount, c.Image, c.ImageID = -1, "", l.text()
	}
}

// when returns a time, if there is one.
func (l *life) when() metav1.Time {
	if l.chance(5) {
		return metav1.Time{}
	}
	return l.now()
}

// text returns a random message.
func (l *life) text() string {
	return pick(l.world, "", "a message", "two\nlines\t\x01", `"quotes" & <tags> \ `, "\u2028\u2029 ümläut 語",
		"no UTF-8: \xff\xfe", strings.Repeat("long ", 1+l.rng.IntN(5000)))
}
