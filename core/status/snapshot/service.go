package snapshot

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Annotations and labels that define the service according to OpenTelemetry's semantic
// conventions for Kubernetes.
const (
	annotationPrefix = "resource.opentelemetry.io/"
	labelInstance    = "app.kubernetes.io/instance"
	labelName        = "app.kubernetes.io/name"
	labelVersion     = "app.kubernetes.io/version"

	// annotationContainer names the container that kubectl uses by default.
	annotationContainer = "kubectl.kubernetes.io/default-container"
)

// AnnotationKeys returns the keys of the annotations that states contain or follow from.
func (c Settings) AnnotationKeys() []string {
	keys := []string{annotationContainer}
	for _, attr := range []string{
		record.AttrServiceName, record.AttrServiceNS, record.AttrServiceVersion, record.AttrServiceInstance,
	} {
		keys = append(keys, annotationPrefix+attr)
	}
	return append(keys, c.Annotations...)
}

// serviceOf derives the identity of the pod's service. image is that of the main
// container. The result is shared by many pods, so it has an instance id only if an
// annotation gives one. [State.Pod] derives the others: by convention each container
// has one, and the pod uses that of its main container.
func (c Settings) serviceOf(pod *corev1.Pod, w record.Workload, image string) record.Service {
	label := func(key string) string {
		if !c.ServiceFromLabels {
			return ""
		}
		return pod.Labels[key]
	}
	return record.Service{
		Name: cmp.Or(annotation(pod, annotationPrefix+record.AttrServiceName), label(labelInstance), label(labelName),
			w.Deployment, rolloutOf(pod, &w), w.ReplicaSet, w.StatefulSet, w.DaemonSet, w.CronJob, w.Job, pod.Name),
		Namespace: cmp.Or(annotation(pod, annotationPrefix+record.AttrServiceNS), pod.Namespace),
		Version: cmp.Or(annotation(pod, annotationPrefix+record.AttrServiceVersion), label(labelVersion),
			versionOf(image)),
		InstanceID: annotation(pod, annotationPrefix+record.AttrServiceInstance),
	}
}

// mainContainer returns the container that represents the pod: the one that kubectl
// uses by default.
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

// versionOf returns the version in an image reference: tag@digest, the digest or the
// tag. A reference that is too long for any registry has none.
func versionOf(image string) string {
	if len(image) > 2*maxName {
		return ""
	}
	name, digest, _ := strings.Cut(image, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		tag = name[i+1:]
	}
	if tag != "" && digest != "" {
		return tag + "@" + digest
	}
	return cmp.Or(tag, digest)
}
