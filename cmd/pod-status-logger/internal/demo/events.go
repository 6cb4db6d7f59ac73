package demo

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// forbiddenRollout is a rollout without pods: a quota forbids them, as only Events about
// its ReplicaSet and the status of its Deployment report.
func (r *round) forbiddenRollout() []step {
	pod := r.search
	owner := pod.OwnerReferences[0]
	forbidden := `pods "` + pod.Name + `" is forbidden: exceeded quota: shop, requested: limits.memory=2Gi, ` +
		"used: limits.memory=15Gi, limited: limits.memory=16Gi"
	e := newEvent(corev1.ObjectReference{
		APIVersion: owner.APIVersion, Kind: owner.Kind, Namespace: pod.Namespace, Name: owner.Name, UID: owner.UID,
	}, "replicaset-controller", corev1.EventTypeWarning, "FailedCreate",
		"Error creating: "+forbidden)
	progressing := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetCreated",
		Message: `Created new replica set "` + owner.Name + `"`,
	}
	failure := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: forbidden,
	}
	stalled := progressing
	stalled.Status, stalled.Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
	stalled.Message = `ReplicaSet "` + owner.Name + `" has timed out progressing.`
	return []step{
		{deployment: r.deployment(pod, progressing)},
		{event: e},
		{deployment: r.deployment(pod, progressing, failure)},
		{event: e, count: 2},
		{event: e, count: 3},
		{event: e, count: 4},
		{deployment: r.deployment(pod, stalled, failure)},
	}
}

// volumeWait is the lifecycle of a pod that waits for a volume, as only Events report.
func (r *round) volumeWait() []step {
	pod := r.orders
	warning := func(source, reason, message string) *corev1.Event {
		return newEvent(referenceTo(pod), source, corev1.EventTypeWarning, reason, message)
	}
	attach := warning("attachdetach-controller", "FailedAttachVolume", `Multi-Attach error for volume "pvc-0d5c4f3a" `+
		"Volume is already exclusively attached to one node and can't be attached to another")
	mount := warning("kubelet", "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[data], "+
		"unattached volumes=[], failed to process volumes=[]: context deadline exceeded")
	attached := newEvent(referenceTo(pod), "attachdetach-controller", corev1.EventTypeNormal, "SuccessfulAttachVolume",
		`AttachVolume.Attach succeeded for volume "pvc-0d5c4f3a"`)
	return slices.Concat(arrive(pod),
		[]step{{event: attach}, {event: mount}, {event: mount, count: 2}, {event: attached}},
		[]step{{pod: pod, change: running}, {pod: pod, change: setReady}},
		leave(pod))
}

func newEvent(about corev1.ObjectReference, source, typ, reason, message string) *corev1.Event {
	uid := uuid.NewUUID()
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: about.Namespace, Name: about.Name + "." + nameOf(uid), UID: uid},
		InvolvedObject: about, Reason: reason, Message: message, Type: typ, Count: 1,
		FirstTimestamp: metav1.Now(), LastTimestamp: metav1.Now(), Source: corev1.EventSource{Component: source},
	}
}

// nameOf returns the end of an Event's name.
func nameOf(uid types.UID) string { return string(uid[:8]) }

func referenceTo(pod *corev1.Pod) corev1.ObjectReference {
	return corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
	}
}
