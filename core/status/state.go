package status

import (
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// State is what has been told of a pod: as much as comparing needs, and what a
// record of its deletion has to say where nobody saw the pod go. It takes a few
// hundred bytes. A State is immutable.
type State struct {
	uid, name, resourceVersion string

	// Shared by many pods, so held once.
	owner  unique.Handle[owner]
	node   unique.Handle[string]
	phase  unique.Handle[string]
	reason unique.Handle[string]
	labels record.Labels
	notes  record.Labels // annotations that plugins need

	message    uint64 // hash of the pod's message
	conditions uint64 // hash of types, states and reasons, in any order
	grace      int64  // notDeleting, or the grace period in seconds
	containers []containerState
}

// owner is what the pods of one workload have in common.
type owner struct {
	namespace  string
	container  string // the main one
	controller record.OwnerRef
	workload   record.Workload
	service    record.Service // InstanceID only where an annotation gives it
}

// notDeleting is the grace of a pod whose deletion nobody requested.
const notDeleting = -1

// containerState is what was told of one container.
type containerState struct {
	name       unique.Handle[string]
	detail     uint64 // hash of reason, message, exit code and signal
	terminated uint64 // identity of the last termination told or known; 0: none
	restarts   int32
	ended      int32 // number of the last run whose end was told or known; -1: none
	kind       kind
	ready      bool
}

// kind is Kubernetes' own state of a container.
type kind uint8

const (
	waiting kind = iota
	running
	terminated
)

func (k kind) String() string {
	return [...]string{"waiting", "running", "terminated"}[k]
}

// Key is what the pod is known by: its UID, or namespace and name where it has
// none, as in what somebody wrote by hand.
func (s *State) Key() string {
	if s.uid != "" {
		return s.uid
	}
	return keyOf(s.Namespace(), s.name)
}

// Key returns the [State.Key] of a pod's state.
func Key(pod *corev1.Pod) string {
	if pod.UID != "" {
		return string(pod.UID)
	}
	return keyOf(pod.Namespace, pod.Name)
}

func keyOf(namespace, name string) string { return namespace + "/" + name }

// Namespace returns the pod's namespace.
func (s *State) Namespace() string { return s.owner.Value().namespace }

// Name returns the pod's name.
func (s *State) Name() string { return s.name }

// UID returns the pod's uid, which may be empty as [State.Key] says.
func (s *State) UID() string { return s.uid }

// ResourceVersion returns the version of the pod that was told last.
func (s *State) ResourceVersion() string { return s.resourceVersion }

// Of returns the state of a pod as if everything in it had been told.
func (r Rules) Of(pod *corev1.Pod) *State { return r.of(nil, pod) }

// of takes over from prev what can't change, so that the memory is shared, and what
// has not changed, for that is cheaper than to make it anew.
func (r Rules) of(prev *State, pod *corev1.Pod) *State {
	var before State
	if prev != nil {
		before = *prev
	}
	s := &State{
		uid:             string(pod.UID),
		name:            pod.Name,
		resourceVersion: pod.ResourceVersion,
		owner:           again(before.owner, r.ownerOf(pod)),
		node:            again(before.node, pod.Spec.NodeName),
		phase:           again(before.phase, string(pod.Status.Phase)),
		reason:          again(before.reason, pod.Status.Reason),
		labels:          labelsAgain(before.labels, pod.Labels),
		notes:           r.notesOf(pod),
		message:         hash(pod.Status.Message),
		conditions:      conditionsHash(pod.Status.Conditions),
		grace:           graceOf(pod),
		containers:      make([]containerState, 0, containerCount(pod)),
	}
	if prev != nil {
		s.uid, s.name = prev.uid, prev.name
	}
	for c := range containersOf(pod) {
		s.containers = append(s.containers, stateOf(c.status))
	}
	return s
}

// again returns the handle of a value, which often is the one before.
func again[T comparable](before unique.Handle[T], v T) unique.Handle[T] {
	if before != (unique.Handle[T]{}) && before.Value() == v {
		return before
	}
	return unique.Make(v)
}

// labelsAgain does the same for labels.
func labelsAgain(before record.Labels, labels map[string]string) record.Labels {
	if before.Are(labels) {
		return before
	}
	return record.NewLabels(labels)
}

func (r Rules) ownerOf(pod *corev1.Pod) owner {
	name, image := mainContainer(pod)
	w := workloadOf(pod)
	return owner{
		namespace: pod.Namespace, container: name, controller: controllerOf(pod),
		workload: w, service: r.serviceOf(pod, w, image),
	}
}

// notesOf returns the annotations of the pod that are to be kept: most pods have
// none of them.
func (r Rules) notesOf(pod *corev1.Pod) record.Labels {
	var notes map[string]string
	for _, key := range r.Annotations {
		value, ok := pod.Annotations[key]
		if !ok || len(value) > record.MaxAnnotation {
			continue
		}
		if notes == nil {
			notes = make(map[string]string, len(r.Annotations))
		}
		notes[key] = value
	}
	return record.NewLabels(notes)
}

// pod returns what a record says of the pod.
func (s *State) pod() *record.Pod {
	o := s.owner.Value()
	if o.service.InstanceID == "" {
		o.service.InstanceID = o.namespace + "." + s.name + "." + o.container
	}
	return &record.Pod{
		Name:      s.name,
		Namespace: o.namespace,
		UID:       s.uid,
		Node:      s.node.Value(),
		Phase:     s.phase.Value(),
		Reason:    s.reason.Value(),
		Labels:    s.labels,
		Workload:  o.workload,
		Service:   o.service,

		Annotations: s.notes,
		Controller:  o.controller,
	}
}

// container returns what was told of the container with this name. at is where
// it usually is.
func (s *State) container(name string, at int) *containerState {
	if s == nil {
		return nil
	}
	if at < len(s.containers) && s.containers[at].name.Value() == name {
		return &s.containers[at]
	}
	i := slices.IndexFunc(s.containers, func(c containerState) bool { return c.name.Value() == name })
	if i < 0 {
		return nil
	}
	return &s.containers[i]
}

func stateOf(c *corev1.ContainerStatus) containerState {
	s := containerState{
		name:       unique.Make(c.Name),
		detail:     detailHash(c.State),
		restarts:   c.RestartCount,
		kind:       kindOf(c.State),
		ready:      c.Ready,
		terminated: terminationID(c.LastTerminationState.Terminated),
	}
	s.ended = lastRun(c)
	if c.State.Terminated != nil {
		s.terminated = terminationID(c.State.Terminated)
		s.ended = c.RestartCount
	}
	return s
}

// lastRun returns the number of the run that the last termination is of. Runs
// are numbered by the restart count that they have: that of a container which
// waits in back-off is still the one of the run that ended.
func lastRun(c *corev1.ContainerStatus) int32 {
	if c.LastTerminationState.Terminated != nil && kindOf(c.State) == waiting {
		return c.RestartCount
	}
	return c.RestartCount - 1
}

// carry takes over what is known of terminations from the state before, where
// no new one has been told. That the container is terminated now is told anyhow.
func (s *containerState) carry(before *containerState) {
	if s.kind != terminated && s.restarts >= before.restarts {
		s.ended = before.ended
	}
	if s.kind == running { // so this run has not ended: the count was raised before
		s.ended = min(s.ended, s.restarts-1)
	}
	if s.terminated == 0 {
		s.terminated = before.terminated
	}
}

// doubt leaves open whether the run that has just been told is that of the
// present count, where a waiting container's count rose: some raise it before the
// next run. What ends then is told apart by its time or container.
func (s *containerState) doubt(before *containerState, c *corev1.ContainerStatus) {
	if before != nil && s.kind == waiting && s.restarts > before.restarts && !anonymous(c.LastTerminationState.Terminated) {
		s.ended = s.restarts - 1
	}
}

// kindOf tells the kind of a state. As Kubernetes defines it, one that says
// nothing is waiting.
func kindOf(s corev1.ContainerState) kind {
	switch {
	case s.Terminated != nil:
		return terminated
	case s.Running != nil:
		return running
	}
	return waiting
}

func graceOf(pod *corev1.Pod) int64 {
	switch {
	case pod.DeletionTimestamp == nil:
		return notDeleting
	case pod.DeletionGracePeriodSeconds == nil:
		return 0
	}
	return *pod.DeletionGracePeriodSeconds
}

// samePod tells whether everything but the containers is as it was.
func samePod(a, b *State) bool {
	return a.node == b.node && a.phase == b.phase && a.reason == b.reason &&
		a.labels == b.labels && a.message == b.message &&
		a.conditions == b.conditions && a.grace == b.grace
}

// sameContainer tells whether nothing has to be told of a container. That a
// termination became the last one of the container is no change of its own.
func sameContainer(a, b containerState) bool {
	return a.detail == b.detail && a.restarts == b.restarts && a.kind == b.kind && a.ready == b.ready
}
