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

	conditions Conditions // shared likewise
	containers Containers
}

// uncommon contains the values that are the same for most pods.
type uncommon struct {
	uid, version string // if they do not have the usual form
	reason       string
	message      uint64 // hash of the pod's message
	causeMessage string // message of the last known cause
	grace        int64  // grace period in seconds, or NotDeleting
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

// NotDeleting is the grace period of a pod whose deletion was not requested.
const NotDeleting = -1

// Namespace returns the pod's namespace.
func (s *State) Namespace() string { return s.owner.Value().namespace }

// Name returns the pod's name.
func (s *State) Name() string { return s.name }

// UID returns the pod's UID, which is empty in a handwritten recording.
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

// Cause returns the last known cause.
func (s *State) Cause() Cause {
	u := s.uncommon.Value()
	if u.reason != "" || u.message != 0 {
		return Cause{u.reason, u.causeMessage}
	}
	if d := s.conditions.Get(string(corev1.DisruptionTarget)); d.Status == string(corev1.ConditionTrue) {
		return Cause{d.Reason, u.causeMessage}
	}
	return Cause{}
}

// Grace returns the grace period of the pod's deletion in seconds, or [NotDeleting].
func (s *State) Grace() int64 { return s.uncommon.Value().grace }

// Node returns the name of the pod's node, "" if it is not scheduled.
func (s *State) Node() string { return s.node.Value() }

// Phase returns the pod's phase.
func (s *State) Phase() string { return s.phase.Value() }

// Conditions returns the pod's conditions.
func (s *State) Conditions() Conditions { return s.conditions }

// Containers returns the states of the pod's containers.
func (s *State) Containers() Containers { return s.containers }

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

// Pod returns the part of a record about the pod. The records of an event share it. pod is
// that of the event, nil if the pod vanished.
func (s *State) Pod(pod *corev1.Pod) *record.Pod {
	o, u := s.owner.Value(), s.uncommon.Value()
	if o.service.InstanceID == "" {
		o.service.InstanceID = o.namespace + "." + s.name + "." + o.container
	}
	labels, omitted := s.recordLabels(pod)
	return &record.Pod{
		Name:      s.name,
		Namespace: o.namespace,
		UID:       s.uidIn(pod),
		Node:      s.node.Value(),
		Phase:     s.phase.Value(),
		Reason:    u.reason,
		Workload:  o.workload,
		Service:   o.service,

		Labels:        labels,
		LabelsOmitted: omitted,
		Annotations:   s.annotations,
		Controller:    o.controller,
	}
}

// uidIn returns the pod's UID, as a string that the pod holds already if it is given.
func (s *State) uidIn(pod *corev1.Pod) string {
	if pod == nil {
		return s.UID()
	}
	return string(pod.UID)
}

// SameExceptContainers reports whether everything but the containers is unchanged.
func (s *State) SameExceptContainers(other *State) bool {
	return s.node == other.node && s.phase == other.phase && s.SameLabels(other) &&
		s.conditions == other.conditions && s.Grace() == other.Grace() && s.SameReason(other)
}

// SameReason reports whether reason and message of the pod are unchanged.
func (s *State) SameReason(other *State) bool {
	if s.uncommon == other.uncommon {
		return true
	}
	x, y := s.uncommon.Value(), other.uncommon.Value()
	return x.reason == y.reason && x.message == y.message
}
