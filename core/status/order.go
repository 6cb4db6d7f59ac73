package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// podContainer is a container of a pod that has a status.
type podContainer struct {
	status *corev1.ContainerStatus
	typ    record.ContainerType
}

// containersOf appends to list the containers of the pod that have a status, in the
// order of their records: init, regular and ephemeral containers, each in the order
// of the spec. Statuses without a container in the spec come last of their kind.
func containersOf(list []podContainer, pod *corev1.Pod) []podContainer {
	spec, status := &pod.Spec, &pod.Status
	list = inOrder(list, status.InitContainerStatuses, len(spec.InitContainers),
		func(i int) (string, record.ContainerType) { return initContainer(&spec.InitContainers[i]) }, record.Init)
	list = inOrder(list, status.ContainerStatuses, len(spec.Containers),
		func(i int) (string, record.ContainerType) { return spec.Containers[i].Name, record.Regular }, record.Regular)
	ephemeral := func(i int) (string, record.ContainerType) { return spec.EphemeralContainers[i].Name, record.Ephemeral }
	return inOrder(list, status.EphemeralContainerStatuses, len(spec.EphemeralContainers), ephemeral, record.Ephemeral)
}

func initContainer(c *corev1.Container) (name string, typ record.ContainerType) {
	if p := c.RestartPolicy; p != nil && *p == corev1.ContainerRestartPolicyAlways {
		return c.Name, record.Sidecar
	}
	return c.Name, record.Init
}

// inOrder appends the statuses in the order of the n containers of the spec, which
// spec names, then those of unknown containers.
func inOrder(
	list []podContainer, statuses []corev1.ContainerStatus, n int,
	spec func(i int) (name string, typ record.ContainerType), unknown record.ContainerType,
) []podContainer {
	found := 0
	for i := range n {
		name, typ := spec(i)
		if c := statusNamed(statuses, name, i); c != nil {
			list = append(list, podContainer{c, typ})
			found++
		}
	}
	if found == len(statuses) {
		return list
	}
	for i := range statuses {
		if !inSpec(n, spec, statuses[i].Name) {
			list = append(list, podContainer{&statuses[i], unknown})
		}
	}
	return list
}

// statusNamed returns the status of a container or nil. at is its usual index, which
// is that of the container in the spec.
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

func inSpec(n int, spec func(i int) (string, record.ContainerType), name string) bool {
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
