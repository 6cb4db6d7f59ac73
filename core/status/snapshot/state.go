package snapshot

import (
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// State is the last emitted state of a pod: as much as the comparison with the next
// version needs, and the fields of a delete record after a gap. It takes about two
// hundred bytes in three pieces. A State is immutable.
type State struct {
	uid     uid
	version version
	name    string

	// Many pods share these values, so memory contains each of them once.
	owner       unique.Handle[owner]
	node        unique.Handle[string]
	phase       unique.Handle[string]
	uncommon    unique.Handle[uncommon]
	labels      record.Labels
	annotations record.Labels // those that plugins need

	conditions conditions // shared likewise
	containers packed
}

// uncommon contains the values that are the same for most pods.
type uncommon struct {
	uid, version string // if they do not have the usual form
	reason       string
	message      uint64 // hash of the pod's message
	causeMessage string // message of the last known cause
	grace        int64  // grace period in seconds, or notDeleting
	allLabels    uint64 // hash of the pod's labels if the state omits some; 0: it has all
}

// owner contains the values that the pods of one workload have in common.
type owner struct {
	namespace  string
	container  string // the main one
	controller record.OwnerRef
	workload   record.Workload
	service    record.Service // InstanceID only if an annotation gives it
}

// notDeleting is the grace period of a pod whose deletion was not requested.
const notDeleting = -1

// Key returns a string that identifies the pod: its UID, or namespace and name if it
// has none, as in a handwritten recording.
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

// UID returns the pod's UID, which may be empty; see [State.Key].
func (s *State) UID() string {
	if s.uid == (uid{}) {
		return s.uncommon.Value().uid
	}
	return s.uid.String()
}

// ResourceVersion returns the resourceVersion of the pod's last emitted state.
func (s *State) ResourceVersion() string {
	if s.version == 0 {
		return s.uncommon.Value().version
	}
	return s.version.String()
}

// cause returns the last known cause.
func (s *State) cause() cause {
	u := s.uncommon.Value()
	if u.reason != "" || u.message != 0 {
		return cause{u.reason, u.causeMessage}
	}
	if d := s.conditions.get(string(corev1.DisruptionTarget)); d.status == string(corev1.ConditionTrue) {
		return cause{d.reason, u.causeMessage}
	}
	return cause{}
}

func (s *State) grace() int64 { return s.uncommon.Value().grace }

// SameUID reports whether the state belongs to a pod with the UID of this one.
func (s *State) SameUID(pod *corev1.Pod) bool {
	u := parseUID(string(pod.UID))
	return s.uid == u && (u != uid{} || s.uncommon.Value().uid == string(pod.UID))
}

// SameVersion reports whether the state belongs to this version of the pod.
func (s *State) SameVersion(pod *corev1.Pod) bool {
	v := parseVersion(pod.ResourceVersion)
	return s.SameUID(pod) && s.version == v && (v != 0 || s.uncommon.Value().version == pod.ResourceVersion)
}

// pod returns the part of a record about the pod, whose UID is given.
func (s *State) pod(uid string) *record.Pod {
	o, u := s.owner.Value(), s.uncommon.Value()
	if o.service.InstanceID == "" {
		o.service.InstanceID = o.namespace + "." + s.name + "." + o.container
	}
	return &record.Pod{
		Name:      s.name,
		Namespace: o.namespace,
		UID:       uid,
		Node:      s.node.Value(),
		Phase:     s.phase.Value(),
		Reason:    u.reason,
		Workload:  o.workload,
		Service:   o.service,

		Annotations: s.annotations,
		Controller:  o.controller,
	}
}

// samePod reports whether everything except the containers is unchanged.
func samePod(a, b *State) bool {
	return a.node == b.node && a.phase == b.phase && sameLabels(a, b) &&
		a.conditions == b.conditions && a.grace() == b.grace() && sameReason(a, b)
}

// sameReason reports whether reason and message of the pod are unchanged.
func sameReason(a, b *State) bool {
	if a.uncommon == b.uncommon {
		return true
	}
	x, y := a.uncommon.Value(), b.uncommon.Value()
	return x.reason == y.reason && x.message == y.message
}

// sameVersion reports whether both states belong to the same version of the pod.
func sameVersion(a, b *State) bool {
	return a.version == b.version && (a.version != 0 || a.ResourceVersion() == b.ResourceVersion())
}
