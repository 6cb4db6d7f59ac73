package apiserver

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// step is one change in the life of a pod, which makes about one record.
type step struct {
	event  watch.EventType
	change func(p *corev1.Pod)
}

// life returns the steps of a pod until another one takes its place. The pods of a first
// list are spread over all steps but the last.
func life() []step {
	return []step{
		{watch.Added, func(*corev1.Pod) {}},
		{watch.Modified, schedule},
		{watch.Modified, func(p *corev1.Pod) { create(p, "web"); create(p, "proxy") }},
		{watch.Modified, func(p *corev1.Pod) { run(p, "proxy", 3); of(p, "proxy").Ready = true }},
		{watch.Modified, func(p *corev1.Pod) { run(p, "web", 4) }},
		{watch.Modified, ready},
		{watch.Modified, func(p *corev1.Pod) { crash(p, "Error", 1, 60) }},
		{watch.Modified, backOff},
		{watch.Modified, func(p *corev1.Pod) { run(p, "web", 70) }},
		{watch.Modified, ready},
		{watch.Modified, func(p *corev1.Pod) { crash(p, "OOMKilled", 137, 600) }},
		{watch.Modified, backOff},
		{watch.Modified, func(p *corev1.Pod) { run(p, "web", 620) }},
		{watch.Modified, ready},
		{watch.Modified, func(p *corev1.Pod) {
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = new(after(3600)), new(int64(30))
		}},
		{watch.Deleted, func(*corev1.Pod) {}},
	}
}

// A pod exists after so many steps of its life, which are all but the last.
const (
	present    = lifeLength - 1
	lifeLength = 16
)

// lives returns a pod of the size after each step.
func lives(size Size) []*corev1.Pod {
	steps, p := life(), newPod(size)
	pods := make([]*corev1.Pod, 0, len(steps))
	for _, s := range steps {
		s.change(p)
		pods = append(pods, p.DeepCopy())
	}
	return pods
}

func schedule(p *corev1.Pod) {
	p.Spec.NodeName = node
	condition(p, corev1.PodScheduled, corev1.ConditionTrue, 1)
}

// create has the pod wait for the container.
func create(p *corev1.Pod, name string) {
	p.Status.StartTime = new(after(2))
	p.Status.HostIP, p.Status.HostIPs = "10.0.0.17", []corev1.HostIP{{IP: "10.0.0.17"}}
	p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
		Name: name, Image: image(name), Started: new(false),
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}},
	})
	condition(p, corev1.PodInitialized, corev1.ConditionTrue, 2)
	condition(p, corev1.PodReady, corev1.ConditionFalse, 2)
	condition(p, corev1.ContainersReady, corev1.ConditionFalse, 2)
}

func run(p *corev1.Pod, name string, at int) {
	const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	p.Status.Phase, p.Status.PodIP, p.Status.PodIPs = corev1.PodRunning, "10.1.4.23", []corev1.PodIP{{IP: "10.1.4.23"}}
	c := of(p, name)
	c.ImageID, c.ContainerID = "registry.example.com/shop/"+name+"@"+digest, "containerd://"+digest[len("sha256:"):]
	if c.LastTerminationState.Terminated != nil {
		c.RestartCount++
	}
	c.Started = new(true)
	c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: after(at)}}
}

func ready(p *corev1.Pod) {
	of(p, "web").Ready = true
	condition(p, corev1.PodReady, corev1.ConditionTrue, 5)
	condition(p, corev1.ContainersReady, corev1.ConditionTrue, 5)
}

func crash(p *corev1.Pod, reason string, code int32, at int) {
	c := of(p, "web")
	c.Ready, c.Started = false, new(false)
	c.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		Reason: reason, ExitCode: code, StartedAt: after(at - 50), FinishedAt: after(at), ContainerID: c.ContainerID,
	}}
	condition(p, corev1.PodReady, corev1.ConditionFalse, at)
	condition(p, corev1.ContainersReady, corev1.ConditionFalse, at)
}

func backOff(p *corev1.Pod) {
	c := of(p, "web")
	c.LastTerminationState = c.State
	c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason:  "CrashLoopBackOff",
		Message: "back-off 10s restarting failed container=web pod=" + p.Name + "_shop(" + string(p.UID) + ")",
	}}
}

func of(p *corev1.Pod, name string) *corev1.ContainerStatus {
	for i := range p.Status.ContainerStatuses {
		if c := &p.Status.ContainerStatuses[i]; c.Name == name {
			return c
		}
	}
	panic("no status of container " + name) // life is in order, or nothing works
}

func condition(p *corev1.Pod, t corev1.PodConditionType, s corev1.ConditionStatus, at int) {
	now := corev1.PodCondition{Type: t, Status: s, LastTransitionTime: after(at)}
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == t {
			p.Status.Conditions[i] = now
			return
		}
	}
	p.Status.Conditions = append(p.Status.Conditions, now)
}

func podKind() metav1.TypeMeta { return metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"} }
