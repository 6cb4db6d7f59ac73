package main

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch/watchtest"
)

// The demo's lifecycles, as a kubelet would report them. Each step is one event.

// step is one change of one pod.
type step struct {
	pod    *corev1.Pod
	change func(*corev1.Pod) // nil: the pod is created
	remove bool
}

// prepare makes what exists before the demo starts: a pod, and the owners of all,
// two of which were deployed by Helm and by Argo CD.
func prepare(server *watchtest.Server) {
	deploy(server, "shop", map[string]string{"meta.helm.sh/release-name": "cart", "meta.helm.sh/release-namespace": "shop"},
		"cart", "5f6d8b7c94", "7c9d5b8f66")
	deploy(server, "shop", map[string]string{"argocd.argoproj.io/tracking-id": "checkout:apps/Deployment:shop/checkout"},
		"checkout", "6b8f9d7d5c")
	deploy(server, "default", nil, "failer", "64d8cc85cd")
	server.Create(running(oldCart()))
}

// deploy makes a Deployment, and a ReplicaSet for each of its versions. Whoever
// deploys marks the Deployment, of which the newest ReplicaSet has a copy.
func deploy(server *watchtest.Server, namespace string, marks map[string]string, name string, hashes ...string) {
	deployment := server.SetOwner("apps/v1", "deployments", &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: marks},
	})
	for _, hash := range hashes {
		replicaSet := name + "-" + hash
		server.SetOwner("apps/v1", "replicasets", &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{Kind: "ReplicaSet"},
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: replicaSet, UID: uidOf(replicaSet), Annotations: marks,
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: deployment.UID, Controller: new(true)}},
			},
		})
	}
}

// uidOf makes up a uid for an object whose name is unique in the demo.
func uidOf(name string) types.UID { return types.UID("uid-of-" + name) }

func oldCart() *corev1.Pod {
	return newPod("shop", "cart-5f6d8b7c94", "x7k2p", "cart", "shop/cart:2.3.1")
}

// play lets the script happen on the server, one step at a time, and returns
// the resourceVersion of the last one, or when ctx ends.
func play(ctx context.Context, server *watchtest.Server, pace time.Duration) string {
	for _, s := range script() {
		select {
		case <-ctx.Done():
			return server.ResourceVersion()
		case <-time.After(pace):
		}
		switch {
		case s.remove:
			server.Delete(s.pod.Namespace, s.pod.Name)
		case s.change == nil:
			server.Create(s.pod)
		default:
			server.Update(s.pod.Namespace, s.pod.Name, s.change)
		}
	}
	return server.ResourceVersion()
}

func script() []step {
	return slices.Concat(healthyRollout(), imagePullFailure(), crashLoop(), eviction())
}

// healthyRollout replaces the pod that is there at the start.
func healthyRollout() []step {
	pod := newPod("shop", "cart-7c9d5b8f66", "q4m8z", "cart", "shop/cart:2.4.0")
	pod.Spec.InitContainers = []corev1.Container{{Name: "migrate", Image: "shop/cart-migrate:2.4.0"}}
	return slices.Concat(
		arrive(pod),
		[]step{
			{pod: pod, change: func(p *corev1.Pod) {
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{containerStatus("migrate", "shop/cart-migrate:2.4.0", isRunning())}
				p.Status.ContainerStatuses = []corev1.ContainerStatus{containerStatus("cart", "shop/cart:2.4.0", isWaiting("PodInitializing", ""))}
			}},
			{pod: pod, change: func(p *corev1.Pod) {
				p.Status.InitContainerStatuses[0] = containerStatus("migrate", "shop/cart-migrate:2.4.0", isTerminated(0, "Completed"))
				p.Status.InitContainerStatuses[0].Ready = true
			}},
			{pod: pod, change: func(p *corev1.Pod) { running(p) }},
			{pod: pod, change: func(p *corev1.Pod) { p.Status.ContainerStatuses[0].Ready = true; setReady(p) }},
		},
		leave(oldCart()))
}

// imagePullFailure is the lifecycle that the project began with.
func imagePullFailure() []step {
	const image = "trusch/hello-worldd"
	pod := newPod("default", "failer-64d8cc85cd", "th2g8", "failer", image)
	pull := func(reason, message string) step {
		return step{pod: pod, change: func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].State = isWaiting(reason, message)
		}}
	}
	failed := pull("ErrImagePull", "rpc error: code = Unknown desc = Error response from daemon: pull access denied for "+image+
		", repository does not exist or may require 'docker login'")
	backOff := pull("ImagePullBackOff", `Back-off pulling image "`+image+`"`)
	return slices.Concat(arrive(pod), []step{failed, backOff, failed, backOff}, leave(pod))
}

func crashLoop() []step {
	pod := newPod("shop", "checkout-6b8f9d7d5c", "l9w3t", "checkout", "shop/checkout:1.9.0")
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
		c.State = isWaiting("CrashLoopBackOff", "back-off 10s restarting failed container=checkout pod=checkout-6b8f9d7d5c-l9w3t_shop")
	})
	return slices.Concat(arrive(pod), []step{run, crash(1, "Error"), wait, run, crash(137, "OOMKilled"), wait, run}, leave(pod))
}

func eviction() []step {
	pod := newPod("batch", "report", "28f6d", "report", "batch/report:7")
	delete(pod.Labels, "pod-template-hash")
	pod.OwnerReferences[0] = metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "report", UID: uidOf("report"), Controller: new(true)}
	return slices.Concat(arrive(pod), []step{
		{pod: pod, change: func(p *corev1.Pod) { running(p); setReady(p) }},
		{pod: pod, change: func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
			p.Status.Message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 62Mi."
		}},
		{pod: pod, remove: true},
	})
}

// arrive is how every pod begins: created, scheduled, waiting for its containers.
func arrive(pod *corev1.Pod) []step {
	return []step{
		{pod: pod},
		{pod: pod, change: func(p *corev1.Pod) {
			p.Spec.NodeName = "node-3"
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
		}},
		{pod: pod, change: func(p *corev1.Pod) {
			for _, c := range p.Spec.Containers {
				p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, containerStatus(c.Name, c.Image, isWaiting("ContainerCreating", "")))
			}
		}},
	}
}

// leave is how every pod that is deleted ends.
func leave(pod *corev1.Pod) []step {
	return []step{
		{pod: pod, change: func(p *corev1.Pod) {
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = new(metav1.Now()), new(int64(30))
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
		{pod: pod, change: func(p *corev1.Pod) { p.DeletionGracePeriodSeconds = new(int64(0)) }},
		{pod: pod, remove: true},
	}
}

func newPod(namespace, replicaSet, suffix, container, image string) *corev1.Pod {
	name := replicaSet + "-" + suffix
	deployment, hash, _ := strings.Cut(replicaSet, "-")
	_, version, _ := strings.Cut(image, ":")
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name,
			Labels: map[string]string{
				"app.kubernetes.io/name": deployment, "app.kubernetes.io/version": version, "pod-template-hash": hash,
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: replicaSet, UID: uidOf(replicaSet), Controller: new(true)}},
		},
		Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: container, Image: image}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
}

// running has the pod's containers run.
func running(p *corev1.Pod) *corev1.Pod {
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = nil
	for _, c := range p.Spec.Containers {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, containerStatus(c.Name, c.Image, isRunning()))
	}
	return p
}

func setReady(p *corev1.Pod) {
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
