package status

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// workloadOf names the objects that own the pod, as its controller reference
// tells them.
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

// deploymentOf returns the name of the Deployment that made a ReplicaSet: the
// controller appends the hash of the pod template to it.
func deploymentOf(replicaSet, hash string) string {
	name, ok := strings.CutSuffix(replicaSet, "-"+hash)
	if !ok || hash == "" {
		return ""
	}
	return name
}

// cronJobOf returns the name of the CronJob that made a Job: the controller
// appends the minute for which the job was scheduled, eight digits from 1989 to 2160.
func cronJobOf(job string) string {
	i := strings.LastIndexByte(job, '-')
	if i <= 0 || len(job)-i-1 != 8 || strings.Trim(job[i+1:], "0123456789") != "" {
		return ""
	}
	return job[:i]
}

// Annotations and labels that tell the service, as OpenTelemetry's semantic
// conventions say for Kubernetes.
const (
	annotationPrefix = "resource.opentelemetry.io/"
	labelInstance    = "app.kubernetes.io/instance"
	labelName        = "app.kubernetes.io/name"
	labelVersion     = "app.kubernetes.io/version"

	// annotationContainer names the container that kubectl means when the user
	// names none.
	annotationContainer = "kubectl.kubernetes.io/default-container"
)

// AnnotationKeys returns the keys of the annotations that the rules look at.
func (r Rules) AnnotationKeys() []string {
	keys := []string{annotationContainer}
	for _, attr := range []string{record.AttrServiceName, record.AttrServiceNS, record.AttrServiceVersion, record.AttrServiceInstance} {
		keys = append(keys, annotationPrefix+attr)
	}
	return append(keys, r.Annotations...)
}

// serviceOf derives the identity of the pod's service. The conventions give a
// container an instance id; that of the pod is its main container's, and
// [State.pod] makes it, because what is derived here is shared by many pods.
//
// image is the main container's.
func (r Rules) serviceOf(pod *corev1.Pod, w record.Workload, image string) record.Service {
	label := func(key string) string {
		if !r.ServiceFromLabels {
			return ""
		}
		return pod.Labels[key]
	}
	return record.Service{
		Name: first(pod.Annotations[annotationPrefix+record.AttrServiceName], label(labelInstance), label(labelName),
			w.Deployment, w.ReplicaSet, w.StatefulSet, w.DaemonSet, w.CronJob, w.Job, pod.Name),
		Namespace:  first(pod.Annotations[annotationPrefix+record.AttrServiceNS], pod.Namespace),
		Version:    first(pod.Annotations[annotationPrefix+record.AttrServiceVersion], label(labelVersion), versionOf(image)),
		InstanceID: pod.Annotations[annotationPrefix+record.AttrServiceInstance],
	}
}

// mainContainer is the container that stands for the pod: the one that kubectl
// takes by default.
func mainContainer(pod *corev1.Pod) (name, image string) {
	containers := pod.Spec.Containers
	if len(containers) == 0 {
		return "", ""
	}
	main := 0
	if name := pod.Annotations[annotationContainer]; name != "" {
		named := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == name })
		main = max(named, 0)
	}
	return containers[main].Name, containers[main].Image
}

// versionOf returns tag@digest, the digest or the tag of an image reference,
// whatever there is.
func versionOf(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		tag = name[i+1:]
	}
	if tag != "" && digest != "" {
		return tag + "@" + digest
	}
	return first(tag, digest)
}

func first(candidates ...string) string {
	for _, s := range candidates {
		if s != "" {
			return s
		}
	}
	return ""
}
