package status

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unique"

	"github.com/cespare/xxhash/v2"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	statev1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/state/v1"
)

// What is stored is a statev1.PodState whose last field is a checksum: protobuf
// alone takes most damage for another value.
const (
	checksumTag  = 15<<3 | 5 // of the field, as a fixed32
	checksumSize = 1 + 4
)

// Append appends the state to b in the form that [ParseState] reads.
func (s *State) Append(b []byte) []byte {
	m := s.stored()
	start, size := len(b), m.SizeVT()
	b = slices.Grow(b, size+checksumSize)[:start+size]
	_, _ = m.MarshalToSizedBufferVT(b[start:]) // it fits, and nothing else can go wrong
	sum := checksum(b[start:])
	return binary.LittleEndian.AppendUint32(append(b, checksumTag), sum)
}

func checksum(b []byte) uint32 { return uint32(xxhash.Sum64(b)) } //nolint:gosec // the lower half is enough

// stored returns the state as a message, in few pieces of memory.
func (s *State) stored() *statev1.PodState {
	all := new(struct {
		pod   statev1.PodState
		owner statev1.Owner
	})
	m, rare := &all.pod, s.rare.Value()
	m.Uid, m.Name, m.ResourceVersion = s.UID(), s.name, s.ResourceVersion()
	m.Owner = &all.owner
	s.owner.Value().store(m.Owner)
	m.Node, m.Phase, m.Reason = s.node.Value(), s.phase.Value(), rare.reason
	m.Labels, m.Annotations = pairsOf(s.labels), pairsOf(s.notes)
	m.MessageHash, m.ConditionsHash = rare.message, s.conditions
	if rare.grace != notDeleting {
		m.GraceSeconds = &rare.grace
	}
	m.Containers = s.containers.stored()
	return m
}

func (p packed) stored() []*statev1.Container {
	var room [enough]containerState
	states := p.unpack(room[:0])
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

func (s *containerState) store(m *statev1.Container) {
	m.Name, m.DetailHash, m.Termination = s.name, s.detail, s.terminated
	m.Restarts, m.Ended, m.Ready = s.restarts, s.ended, s.ready
	m.Kind = statev1.ContainerKind(s.kind) + statev1.ContainerKind_CONTAINER_KIND_WAITING
}

// pairsOf returns key, value, key, value and so on.
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

// ParseState reads what [State.Append] wrote. Bytes that are damaged are an error.
// The state shares the memory that states share, and none with b.
func ParseState(b []byte) (*State, error) {
	size := len(b) - checksumSize
	if size < 0 || b[size] != checksumTag {
		return nil, errors.New("parse pod state: it is cut short")
	}
	if checksum(b[:size]) != binary.LittleEndian.Uint32(b[size+1:]) {
		return nil, errors.New("parse pod state: it is damaged")
	}
	var m statev1.PodState
	if err := m.UnmarshalVT(b[:size]); err != nil {
		return nil, fmt.Errorf("parse pod state: %w", err)
	}
	s, err := restored(&m)
	if err != nil {
		return nil, fmt.Errorf("parse pod state: %w", err)
	}
	return s, nil
}

func restored(m *statev1.PodState) (*State, error) {
	s := &State{
		uid: parseUID(m.Uid), version: parseVersion(m.ResourceVersion), name: m.Name,
		owner: unique.Make(restoredOwner(m.Owner)),
		node:  unique.Make(m.Node), phase: unique.Make(m.Phase),
		conditions: m.ConditionsHash,
	}
	r := rare{
		uid: unless(s.uid != uid{}, m.Uid), version: unless(s.version != 0, m.ResourceVersion),
		reason: m.Reason, message: m.MessageHash, grace: notDeleting,
	}
	if m.GraceSeconds != nil {
		r.grace = *m.GraceSeconds
	}
	s.rare = unique.Make(r)
	var err error
	if s.labels, err = labelsOf(m.Labels); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	if s.notes, err = labelsOf(m.Annotations); err != nil {
		return nil, fmt.Errorf("annotations: %w", err)
	}
	s.containers, err = restoredContainers(m.Containers)
	return s, err
}

func restoredContainers(list []*statev1.Container) (packed, error) {
	states := make([]containerState, len(list))
	for i, c := range list {
		var err error
		if states[i], err = restoredContainer(c); err != nil {
			return "", err
		}
	}
	return pack("", states), nil
}

func restoredOwner(m *statev1.Owner) owner {
	if m == nil {
		return owner{}
	}
	return owner{
		namespace: m.Namespace, container: m.MainContainer,
		controller: record.OwnerRef{
			APIVersion: m.ControllerApiVersion, Kind: m.ControllerKind, Name: m.ControllerName, UID: m.ControllerUid,
		},
		workload: record.Workload{
			Deployment: m.Deployment, ReplicaSet: m.ReplicaSet, StatefulSet: m.StatefulSet,
			DaemonSet: m.DaemonSet, Job: m.Job, CronJob: m.CronJob,
		},
		service: record.Service{
			Name: m.ServiceName, Namespace: m.ServiceNamespace,
			Version: m.ServiceVersion, InstanceID: m.ServiceInstanceId,
		},
	}
}

func restoredContainer(m *statev1.Container) (containerState, error) {
	if m.Kind < statev1.ContainerKind_CONTAINER_KIND_WAITING || m.Kind > statev1.ContainerKind_CONTAINER_KIND_TERMINATED {
		return containerState{}, fmt.Errorf("container %q: kind %d is none", m.Name, m.Kind)
	}
	return containerState{
		name: m.Name, detail: m.DetailHash, terminated: m.Termination,
		restarts: m.Restarts, ended: m.Ended, ready: m.Ready,
		kind: kind(m.Kind - statev1.ContainerKind_CONTAINER_KIND_WAITING),
	}, nil
}

// labelsOf is the reverse of pairsOf.
func labelsOf(pairs []string) (record.Labels, error) {
	if len(pairs)%2 != 0 {
		return record.Labels{}, errors.New("the last key has no value")
	}
	labels := make(map[string]string, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		labels[pairs[i]] = pairs[i+1]
	}
	return record.NewLabels(labels), nil
}
