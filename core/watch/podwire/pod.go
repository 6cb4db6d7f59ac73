package podwire

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Pod is a pod and the memory of its parts, which the next [Decoder.Decode] into it
// reuses. Only its strings stay valid then.
type Pod struct {
	corev1.Pod
	spare spare
}

// spare is the memory of a pod's parts: of the present pod and of those that were
// decoded into the same memory before.
type spare struct {
	deleted             metav1.Time
	labels, annotations map[string]string
	owners              []metav1.OwnerReference

	containers, initContainers []corev1.Container
	ephemeralContainers        []corev1.EphemeralContainer
	readinessGates             []corev1.PodReadinessGate

	conditions                                []corev1.PodCondition
	statuses, initStatuses, ephemeralStatuses []corev1.ContainerStatus

	grace      int64
	bools      stock[bool]
	policies   stock[corev1.ContainerRestartPolicy]
	waiting    stock[corev1.ContainerStateWaiting]
	running    stock[corev1.ContainerStateRunning]
	terminated stock[corev1.ContainerStateTerminated]
}

// reset makes it the zero pod.
func (p *Pod) reset() {
	p.Pod = corev1.Pod{}
	s := &p.spare
	s.bools.used, s.policies.used = 0, 0
	s.waiting.used, s.running.used, s.terminated.used = 0, 0, 0
}

// stock hands out values, and the same ones again after used is set to 0.
type stock[T any] struct {
	values []*T
	used   int
}

// take returns the next value, zeroed.
func (s *stock[T]) take() *T {
	if s.used == len(s.values) {
		s.values = append(s.values, new(T))
	}
	v := s.values[s.used]
	s.used++
	*v = *new(T)
	return v
}

// set returns the next value, set to v.
func (s *stock[T]) set(v T) *T {
	p := s.take()
	*p = v
	return p
}

// add appends a zero value to the list, whose memory is spare's.
func add[T any](list, spare *[]T) *T {
	if *list == nil {
		*list = (*spare)[:0]
	}
	*list = append(*list, *new(T))
	*spare = *list
	return &(*list)[len(*list)-1]
}

// put sets a key of the map, whose memory is spare's.
func put(m, spare *map[string]string, key, value string) {
	if *m == nil {
		if *spare == nil {
			*spare = make(map[string]string)
		}
		clear(*spare)
		*m = *spare
	}
	(*m)[key] = value
}
