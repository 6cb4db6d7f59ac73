package status

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// workloadOf derives the names of the objects that own the pod from its controller
// reference.
func workloadOf(pod *corev1.Pod) (w record.Workload) {
	ref := metav1.GetControllerOfNoCopy(pod)
	if ref == nil {
		return w
	}
	switch ref.Kind {
	case "ReplicaSet":
		w.ReplicaSet = ref.Name
		w.Deployment = deploymentOf(ref.Name, pod.Labels["pod-template-hash"])
	case "StatefulSet":
		w.StatefulSet = ref.Name
	case "DaemonSet":
		w.DaemonSet = ref.Name
	case "Job":
		w.Job = ref.Name
		w.CronJob = cronJobOf(ref.Name)
	}
	return w
}

// controllerOf returns the pod's controller reference.
func controllerOf(pod *corev1.Pod) record.OwnerRef {
	ref := metav1.GetControllerOfNoCopy(pod)
	if ref == nil {
		return record.OwnerRef{}
	}
	return record.OwnerRef{APIVersion: ref.APIVersion, Kind: ref.Kind, Name: ref.Name, UID: string(ref.UID)}
}

// deploymentOf returns the name of the Deployment that owns a ReplicaSet: the
// Deployment controller appends the hash of the pod template to it.
func deploymentOf(replicaSet, hash string) string {
	name, ok := strings.CutSuffix(replicaSet, "-"+hash)
	if !ok || hash == "" {
		return ""
	}
	return name
}

// cronJobOf returns the name of the CronJob that owns a Job: the CronJob controller
// appends the scheduled time in minutes, which has eight digits from 1989 to 2160.
func cronJobOf(job string) string {
	i := strings.LastIndexByte(job, '-')
	if i <= 0 || len(job)-i-1 != 8 || strings.Trim(job[i+1:], "0123456789") != "" {
		return ""
	}
	return job[:i]
}
