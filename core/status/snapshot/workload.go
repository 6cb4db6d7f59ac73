package snapshot

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// API groups of the controllers whose kinds have attributes of their own. Others have
// kinds of the same names, such as the Jobs of Volcano.
const (
	groupApps  = "apps/"
	groupBatch = "batch/"
)

// workloadOf derives the names of the objects that own the pod from its controller
// reference, nil for none.
func workloadOf(pod *corev1.Pod, ref *metav1.OwnerReference) (w record.Workload) {
	if ref == nil {
		return w
	}
	switch {
	case strings.HasPrefix(ref.APIVersion, groupApps):
		switch ref.Kind {
		case "ReplicaSet":
			w.ReplicaSet = ref.Name
			w.Deployment = ownerOfReplicaSet(ref.Name, pod.Labels["pod-template-hash"])
		case "StatefulSet":
			w.StatefulSet = ref.Name
		case "DaemonSet":
			w.DaemonSet = ref.Name
		}
	case strings.HasPrefix(ref.APIVersion, groupBatch) && ref.Kind == "Job":
		w.Job = ref.Name
		w.CronJob = cronJobOf(ref.Name, pod.CreationTimestamp.Time)
	}
	return w
}

// controllerRef returns the pod's controller reference, nil if it has none or one that no object can have: API servers
// don't check the length of its strings.
func controllerRef(pod *corev1.Pod) *metav1.OwnerReference {
	ref := metav1.GetControllerOfNoCopy(pod)
	if ref == nil || max(len(ref.APIVersion), len(ref.Kind), len(ref.Name), len(ref.UID)) > maxName {
		return nil
	}
	return ref
}

// controllerOf returns a controller reference, nil for none, as records contain it.
func controllerOf(ref *metav1.OwnerReference) record.OwnerRef {
	if ref == nil {
		return record.OwnerRef{}
	}
	return record.OwnerRef{APIVersion: ref.APIVersion, Kind: ref.Kind, Name: ref.Name, UID: string(ref.UID)}
}

// ownerOfReplicaSet returns the name of the Deployment or Rollout that owns a
// ReplicaSet: its controller appends the hash of the pod template to that name.
func ownerOfReplicaSet(replicaSet, hash string) string {
	name, ok := strings.CutSuffix(replicaSet, hash)
	if !ok || hash == "" || !strings.HasSuffix(name, "-") {
		return ""
	}
	return name[:len(name)-1]
}

// rolloutOf returns the name of the Rollout of Argo that owns the pod's ReplicaSet.
func rolloutOf(pod *corev1.Pod, w *record.Workload) string {
	if w.Deployment != "" || w.ReplicaSet == "" {
		return ""
	}
	return ownerOfReplicaSet(w.ReplicaSet, pod.Labels["rollouts-pod-template-hash"])
}

// cronJobOf returns the name of the CronJob that owns a Job: the CronJob controller
// appends the scheduled time in minutes since 1970. Jobs have other numbers too, such
// as dates; that of a CronJob is near the time at which its pod was created.
func cronJobOf(job string, created time.Time) string {
	i := strings.LastIndexByte(job, '-')
	if i <= 0 {
		return ""
	}
	minutes, err := strconv.ParseUint(job[i+1:], 10, 32)
	if err != nil || created.Sub(time.Unix(int64(minutes)*60, 0)).Abs() > scheduleTolerance {
		return ""
	}
	return job[:i]
}

// scheduleTolerance is how long before or after its scheduled time a CronJob can have
// a pod: a Job can be late or suspended, and replaces failed pods.
const scheduleTolerance = 7 * 24 * time.Hour
