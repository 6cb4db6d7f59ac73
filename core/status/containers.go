package status

import (
	"iter"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// containerOf is a container that has a status.
type containerOf struct {
	status *corev1.ContainerStatus
	typ    record.ContainerType
}

// containersOf yields the containers of the pod that have a status, in the order
// in which records tell of them: init, regular and ephemeral containers, each in
// the order of the spec. A status whose container the spec does not have comes
// after its kind.
func containersOf(pod *corev1.Pod) iter.Seq[containerOf] {
	return func(yield func(containerOf) bool) {
		_ = initContainers(pod, yield) && regularContainers(pod, yield) && ephemeralContainers(pod, yield)
	}
}

func initContainers(pod *corev1.Pod, yield func(containerOf) bool) bool {
	spec := pod.Spec.InitContainers
	return inOrder(pod.Status.InitContainerStatuses, len(spec), yield,
		func(i int) (string, record.ContainerType) {
			if p := spec[i].RestartPolicy; p != nil && *p == corev1.ContainerRestartPolicyAlways {
				return spec[i].Name, record.Sidecar
			}
			return spec[i].Name, record.Init
		}, record.Init)
}

func regularContainers(pod *corev1.Pod, yield func(containerOf) bool) bool {
	spec := pod.Spec.Containers
	return inOrder(pod.Status.ContainerStatuses, len(spec), yield,
		func(i int) (string, record.ContainerType) { return spec[i].Name, record.Regular }, record.Regular)
}

func ephemeralContainers(pod *corev1.Pod, yield func(containerOf) bool) bool {
	spec := pod.Spec.EphemeralContainers
	return inOrder(pod.Status.EphemeralContainerStatuses, len(spec), yield,
		func(i int) (string, record.ContainerType) { return spec[i].Name, record.Ephemeral }, record.Ephemeral)
}

// inOrder yields statuses in the order of the n containers of the spec, which
// spec names, then those of unknown containers. It returns false to stop.
func inOrder(
	statuses []corev1.ContainerStatus, n int, yield func(containerOf) bool,
	spec func(i int) (name string, typ record.ContainerType), unknown record.ContainerType,
) bool {
	found := 0
	for i := range n {
		name, typ := spec(i)
		c := statusNamed(statuses, name, i)
		if c == nil {
			continue
		}
		found++
		if !yield(containerOf{c, typ}) {
			return false
		}
	}
	if found == len(statuses) {
		return true
	}
	for i := range statuses {
		if !named(n, spec, statuses[i].Name) && !yield(containerOf{&statuses[i], unknown}) {
			return false
		}
	}
	return true
}

// statusNamed finds the status of a container, which usually is at the same
// place as the container is in the spec.
func statusNamed(statuses []corev1.ContainerStatus, name string, at int) *corev1.ContainerStatus {
	if at < len(statuses) && statuses[at].Name == name {
		return &statuses[at]
	}
	for i := range statuses {
		if statuses[i].Name == name {
			return &statuses[i]
		}
	}
	return nil
}

func named(n int, spec func(i int) (string, record.ContainerType), name string) bool {
	for i := range n {
		if s, _ := spec(i); s == name {
			return true
		}
	}
	return false
}

func containerCount(pod *corev1.Pod) int {
	s := &pod.Status
	return len(s.InitContainerStatuses) + len(s.ContainerStatuses) + len(s.EphemeralContainerStatuses)
}
