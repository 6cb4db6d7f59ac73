package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unique"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	statev1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/state/v1"
)

// Parse decodes a state that [State.Append] encoded. Damaged bytes are an error.
// The result shares no memory with b.
func Parse(b []byte) (*State, error) {
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
	}
	if m.HasConditions {
		s.conditions = restoredConditions(m.Conditions)
	}
	u := uncommon{
		uid: unless(s.uid != uid{}, m.Uid), version: unless(s.version != 0, m.ResourceVersion),
		reason: m.Reason, message: m.MessageHash, causeMessage: m.CauseMessage, grace: NotDeleting,
	}
	if m.GraceSeconds != nil {
		u.grace = *m.GraceSeconds
	}
	labels, err := mapOf(m.Labels)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	s.labels, u.allLabels = reuseLabels(record.Labels{}, 0, labels)
	if m.AllLabelsHash != 0 {
		u.allLabels = m.AllLabelsHash
	}
	annotations, err := mapOf(m.Annotations)
	if err != nil {
		return nil, fmt.Errorf("annotations: %w", err)
	}
	s.annotations, _ = record.LabelsWithin(annotations, maxAnnotations)
	s.uncommon = unique.Make(u)
	s.containers, err = restoredContainers(m.Containers)
	return s, err
}

func restoredContainers(list []*statev1.Container) (Containers, error) {
	states := make([]Container, len(list))
	for i, c := range list {
		var err error
		if states[i], err = restoredContainer(c); err != nil {
			return "", err
		}
	}
	return Pack("", states), nil
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

func restoredContainer(m *statev1.Container) (Container, error) {
	if m.Kind < statev1.ContainerKind_CONTAINER_KIND_WAITING || m.Kind > statev1.ContainerKind_CONTAINER_KIND_TERMINATED {
		return Container{}, fmt.Errorf("container %q: unknown kind %d", m.Name, m.Kind)
	}
	return Container{
		Name: m.Name, Detail: m.DetailHash, Terminated: m.Termination,
		Restarts: m.Restarts, Ended: m.Ended, Ready: m.Ready,
		Kind: Kind(m.Kind - statev1.ContainerKind_CONTAINER_KIND_WAITING), Devices: restoredDevices(m.Devices),
	}, nil
}

// mapOf returns the map of which pairs contains keys and values.
func mapOf(pairs []string) (map[string]string, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("the last key has no value")
	}
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m, nil
}
