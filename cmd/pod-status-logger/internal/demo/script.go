package demo

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The lifecycles of the demo, as a kubelet would report them. Each step is an event.

// step is one change of one pod, of an Event, or of a Deployment.
type step struct {
	pod    *corev1.Pod
	change func(*corev1.Pod) // nil: the pod is created
	remove bool

	event *corev1.Event
	count int32 // how often the Event has happened so far; 0: it is created

	deployment *appsv1.Deployment // its new state
}

func (r *round) script() []step {
	return slices.Concat(r.healthyRollout(), r.imagePullFailure(), r.crashLoop(),
		r.forbiddenRollout(), r.volumeWait(), r.eviction())
}

// healthyRollout replaces the pod that exists at the start.
func (r *round) healthyRollout() []step {
	pod := r.cart
	migrate, cart := pod.Spec.InitContainers[0], pod.Spec.Containers[0]
	return slices.Concat(
		arrive(pod),
		[]step{
			{pod: pod, change: func(p *corev1.Pod) {
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{
					containerStatus(migrate.Name, migrate.Image, isRunning()),
				}
				p.Status.ContainerStatuses = []corev1.ContainerStatus{
					containerStatus(cart.Name, cart.Image, isWaiting("PodInitializing", "")),
				}
			}},
			{pod: pod, change: func(p *corev1.Pod) {
				p.Status.InitContainerStatuses[0] = containerStatus(migrate.Name, migrate.Image, isTerminated(0, "Completed"))
				p.Status.InitContainerStatuses[0].Ready = true
			}},
			{pod: pod, change: running},
			{pod: pod, change: setReady},
		},
		leave(r.old))
}

// imagePullFailure is the lifecycle of a pod whose image does not exist.
func (r *round) imagePullFailure() []step {
	pod, image := r.failer, r.failer.Spec.Containers[0].Image
	pull := func(reason, message string) step {
		return step{pod: pod, change: func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].State = isWaiting(reason, message)
		}}
	}
	failed := pull("ErrImagePull", "rpc error: code = Unknown desc = Error response from daemon: "+
		"pull access denied for "+image+", repository does not exist or may require 'docker login'")
	backOff := pull("ImagePullBackOff", `Back-off pulling image "`+image+`"`)
	return slices.Concat(arrive(pod), []step{failed, backOff, failed, backOff}, leave(pod))
}

func (r *round) crashLoop() []step {
	pod := r.checkout
	set := func(change func(c *corev1.ContainerStatus)) step {
		return step{pod: pod, change: func(p *corev1.Pod) { change(&p.Status.ContainerStatuses[0]) }}
	}
	run := step{pod: pod, change: func(p *corev1.Pod) {
		c := &p.Status.ContainerStatuses[0]
		if c.LastTerminationState.Terminated != nil {
			c.RestartCount++
		}
		c.State = isRunning()
		p.Status.Phase = corev1.PodRunning
	}}
	crash := func(exitCode int32, reason string) step {
		return set(func(c *corev1.ContainerStatus) { c.State = isTerminated(exitCode, reason) })
	}
	wait := set(func(c *corev1.ContainerStatus) {
		c.LastTerminationState = c.State
		c.State = isWaiting("CrashLoopBackOff",
			"back-off 10s restarting failed container=checkout pod="+pod.Name+"_shop")
	})
	crashes := []step{run, crash(1, "Error"), wait, run, crash(137, "OOMKilled"), wait, run}
	return slices.Concat(arrive(pod), crashes, leave(pod))
}

func (r *round) eviction() []step {
	pod := r.report
	return slices.Concat(arrive(pod), []step{
		{pod: pod, change: func(p *corev1.Pod) { running(p); setReady(p) }},
		{pod: pod, change: func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
			p.Status.Message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 62Mi."
		}},
		{pod: pod, remove: true},
	})
}

// arrive are the first steps of every pod: created, scheduled, waiting for its
// containers.
func arrive(pod *corev1.Pod) []step {
	return []step{
		{pod: pod},
		{pod: pod, change: func(p *corev1.Pod) {
			p.Spec.NodeName = "node-3"
			p.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
			}}
		}},
		{pod: pod, change: func(p *corev1.Pod) {
			for _, c := range p.Spec.Containers {
				p.Status.ContainerStatuses = append(p.Status.ContainerStatuses,
					containerStatus(c.Name, c.Image, isWaiting("ContainerCreating", "")))
			}
		}},
	}
}

// grace is the grace period of deletions: the API server adds it to the time of the request.
const grace = 30 * time.Second

// leave are the last steps of every deleted pod.
func leave(pod *corev1.Pod) []step {
	return []step{
		{pod: pod, change: func(p *corev1.Pod) {
			p.DeletionTimestamp = new(metav1.NewTime(time.Now().Add(grace)))
			p.DeletionGracePeriodSeconds = new(int64(grace / time.Second))
		}},
		{pod: pod, change: func(p *corev1.Pod) {
			for i := range p.Status.ContainerStatuses {
				reason := "Completed"
				if p.Status.ContainerStatuses[i].State.Running == nil { // it never ran
					reason = ""
				}
				p.Status.ContainerStatuses[i].State = isTerminated(0, reason)
				p.Status.ContainerStatuses[i].Ready = false
			}
		}},
		{pod: pod, change: func(p *corev1.Pod) {
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = new(metav1.Now()), new(int64(0))
		}},
		{pod: pod, remove: true},
	}
}

// running sets all containers of the pod to running.
func running(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = nil
	for _, c := range p.Spec.Containers {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, containerStatus(c.Name, c.Image, isRunning()))
	}
}

func setReady(p *corev1.Pod) {
	for i := range p.Status.ContainerStatuses {
		p.Status.ContainerStatuses[i].Ready = true
	}
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
		Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
	})
}

func containerStatus(name, image string, state corev1.ContainerState) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, Image: image, State: state}
}

func isWaiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func isRunning() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}
}

func isTerminated(exitCode int32, reason string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: exitCode, Reason: reason, FinishedAt: metav1.Now(),
	}}
}
