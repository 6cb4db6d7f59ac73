package status

import (
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// State is what has been told of a pod: as much as comparing needs, and what a
// record of its deletion has to say where nobody saw the pod go. It takes some two
// hundred bytes in three pieces. A State is immutable.
type State struct {
	uid     uid
	version version
	name    string

	// Shared by many pods, so held once.
	owner  unique.Handle[owner]
	node   unique.Handle[string]
	phase  unique.Handle[string]
	rare   unique.Handle[rare]
	labels record.Labels
	notes  record.Labels // annotations that plugins need

	conditions uint64 // hash of types, states and reasons, in any order
	containers packed
}

// rare is what is the same for most pods.
type rare struct {
	uid, version string // where they are not of the usual form
	reason       string
	message      uint64 // hash of the pod's message
	grace        int64  // notDeleting, or the grace period in seconds
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

// Key is what the pod is known by: its UID, or namespace and name where it has
// none, as in what somebody wrote by hand.
func (s *State) Key() string { return keyOf(s.UID(), s.Namespace(), s.name) }

// Key returns the [State.Key] of a pod's state.
func Key(pod *corev1.Pod) string { return keyOf(string(pod.UID), pod.Namespace, pod.Name) }

func keyOf(uid, namespace, name string) string {
	if uid != "" {
		return uid
	}
	return namespace + "/" + name
}

// Namespace returns the pod's namespace.
func (s *State) Namespace() string { return s.owner.Value().namespace }

// Name returns the pod's name.
func (s *State) Name() string { return s.name }

// UID returns the pod's uid, which may be empty as [State.Key] says.
func (s *State) UID() string {
	if s.uid == (uid{}) {
		return s.rare.Value().uid
	}
	return s.uid.String()
}

// ResourceVersion returns the version of the pod that was told last.
func (s *State) ResourceVersion() string {
	if s.version == 0 {
		return s.rare.Value().version
	}
	return s.version.String()
}

func (s *State) grace() int64 { return s.rare.Value().grace }

// Is tells whether the state is of a pod with this one's UID.
func (s *State) Is(pod *corev1.Pod) bool {
	u := parseUID(string(pod.UID))
	return s.uid == u && (u != uid{} || s.rare.Value().uid == string(pod.UID))
}

// Told tells whether the state is of this very version of the pod.
func (s *State) Told(pod *corev1.Pod) bool {
	v := parseVersion(pod.ResourceVersion)
	return s.Is(pod) && s.version == v && (v != 0 || s.rare.Value().version == pod.ResourceVersion)
}

// Of returns the state of a pod as if everything in it had been told.
func (r Rules) Of(pod *corev1.Pod) *State {
	s := r.of(nil, pod)
	var of [enough]containerOf
	var states [enough]containerState
	told := states[:0]
	for _, c := range containersOf(of[:0], pod) {
		told = append(told, stateOf(c.status))
	}
	s.containers = pack("", told)
	return s
}

// of returns the state of a pod but for its containers. It takes over from prev
// what can't change, so that the memory is shared, and what has not changed, for
// that is cheaper than to make it anew.
func (r Rules) of(prev *State, pod *corev1.Pod) *State {
	var before State
	if prev != nil {
		before = *prev
	}
	s := &State{
		uid:        parseUID(string(pod.UID)),
		version:    parseVersion(pod.ResourceVersion),
		name:       pod.Name,
		owner:      again(before.owner, r.ownerOf(pod)),
		node:       again(before.node, pod.Spec.NodeName),
		phase:      again(before.phase, string(pod.Status.Phase)),
		labels:     labelsAgain(before.labels, pod.Labels),
		notes:      r.notesOf(pod),
		conditions: conditionsHash(pod.Status.Conditions),
	}
	if prev != nil {
		s.name = prev.name
	}
	s.rare = again(before.rare, rare{
		uid:     unless(s.uid != uid{}, string(pod.UID)),
		version: unless(s.version != 0, pod.ResourceVersion),
		reason:  pod.Status.Reason,
		message: hash(pod.Status.Message),
		grace:   graceOf(pod),
	})
	return s
}

// unless returns s, but nothing where it is told elsewhere.
func unless(told bool, s string) string {
	if told {
		return ""
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
	if before.Equal(labels) {
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

// pod returns what a record says of the pod, whose uid this is.
func (s *State) pod(uid string) *record.Pod {
	o, rare := s.owner.Value(), s.rare.Value()
	if o.service.InstanceID == "" {
		o.service.InstanceID = o.namespace + "." + s.name + "." + o.container
	}
	return &record.Pod{
		Name:      s.name,
		Namespace: o.namespace,
		UID:       uid,
		Node:      s.node.Value(),
		Phase:     s.phase.Value(),
		Reason:    rare.reason,
		Labels:    s.labels,
		Workload:  o.workload,
		Service:   o.service,

		Annotations: s.notes,
		Controller:  o.controller,
	}
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
	return a.node == b.node && a.phase == b.phase && a.labels == b.labels &&
		a.conditions == b.conditions && a.grace() == b.grace() && sameReason(a, b)
}

// sameReason tells whether reason and message of the pod are as they were.
func sameReason(a, b *State) bool {
	if a.rare == b.rare {
		return true
	}
	x, y := a.rare.Value(), b.rare.Value()
	return x.reason == y.reason && x.message == y.message
}

// sameVersion tells whether the version of the pod is the same.
func sameVersion(a, b *State) bool {
	return a.version == b.version && (a.version != 0 || a.ResourceVersion() == b.ResourceVersion())
}
