package snapshot

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	statev1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/state/v1"
)

// An encoded state is a statev1.PodState whose last field is a checksum: protobuf
// alone decodes most damaged bytes as other values.
const (
	checksumTag  = 15<<3 | 5 // of the field, as a fixed32
	checksumSize = 1 + 4
)

// Append appends the encoded state to b; [Parse] decodes it.
func (s *State) Append(b []byte) []byte {
	m := s.message()
	start, size := len(b), m.SizeVT()
	b = slices.Grow(b, size+checksumSize)[:start+size]
	_, _ = m.MarshalToSizedBufferVT(b[start:]) // it fits, and no other error exists
	sum := checksum(b[start:])
	return binary.LittleEndian.AppendUint32(append(b, checksumTag), sum)
}

func checksum(b []byte) uint32 { return uint32(xxhash.Sum64(b)) } //nolint:gosec // the lower half is enough

// message returns the state as a protobuf message, in few allocations.
func (s *State) message() *statev1.PodState {
	all := new(struct {
		pod   statev1.PodState
		owner statev1.Owner
	})
	m, u := &all.pod, s.uncommon.Value()
	m.Uid, m.Name, m.ResourceVersion = s.UID(), s.name, s.ResourceVersion()
	m.Owner = &all.owner
	s.owner.Value().store(m.Owner)
	m.Node, m.Phase, m.Reason = s.node.Value(), s.phase.Value(), u.reason
	m.Labels, m.Annotations = pairsOf(s.labels), pairsOf(s.annotations)
	m.MessageHash, m.CauseMessage, m.AllLabelsHash = u.message, u.causeMessage, u.allLabels
	m.HasConditions, m.Conditions = s.conditions.Known(), s.conditions.messages()
	if u.grace != NotDeleting {
		m.GraceSeconds = &u.grace
	}
	m.Containers = s.containers.messages()
	return m
}

func (c Containers) messages() []*statev1.Container {
	var room [enough]Container
	states := c.Unpack(room[:0])
	containers := make([]statev1.Container, len(states))
	list := make([]*statev1.Container, len(states))
	for i := range states {
		states[i].store(&containers[i])
		list[i] = &containers[i]
	}
	return list
}

func (o owner) store(m *statev1.Owner) {
	m.Namespace, m.MainContainer = o.namespace, o.container
	c, w, s := &o.controller, &o.workload, &o.service
	m.ControllerApiVersion, m.ControllerKind, m.ControllerName, m.ControllerUid = c.APIVersion, c.Kind, c.Name, c.UID
	m.Deployment, m.ReplicaSet, m.StatefulSet = w.Deployment, w.ReplicaSet, w.StatefulSet
	m.DaemonSet, m.Job, m.CronJob = w.DaemonSet, w.Job, w.CronJob
	m.ServiceName, m.ServiceNamespace = s.Name, s.Namespace
	m.ServiceVersion, m.ServiceInstanceId = s.Version, s.InstanceID
}

func (s *Container) store(m *statev1.Container) {
	m.Name, m.DetailHash, m.Termination = s.Name, s.Detail, s.Terminated
	m.Restarts, m.Ended, m.Ready = s.Restarts, s.Ended, s.Ready
	m.Kind = statev1.ContainerKind(s.Kind) + statev1.ContainerKind_CONTAINER_KIND_WAITING
	m.Devices = s.Devices.messages()
}

// pairsOf returns the labels as key, value, key, value and so on.
func pairsOf(l record.Labels) []string {
	if l == (record.Labels{}) {
		return nil
	}
	pairs := make([]string, 0, 32) // enough for most
	for key, value := range l.All() {
		pairs = append(pairs, key, value)
	}
	return pairs
}
