package status

import (
	"errors"
	"fmt"
	"unique"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	statev1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/state/v1"
)

// Append appends the state as [ParseState] reads it.
func (s *State) Append(b []byte) []byte {
	m := s.stored()
	start, size := len(b), m.SizeVT()
	b = append(b, make([]byte, size)...)
	if _, err := m.MarshalToSizedBufferVT(b[start:]); err != nil {
		panic(err) // the buffer has the size that it was said to need
	}
	return b
}

// ParseState reads what [State.Append] has written. What it has in common with
// other states is held once, as if the pod had been seen.
func ParseState(b []byte) (*State, error) {
	var m statev1.PodState
	if err := m.UnmarshalVT(b); err != nil {
		return nil, fmt.Errorf("read the state of a pod: %w", err)
	}
	if m.GetName() == "" && m.GetUid() == "" {
		return nil, errors.New("read the state of a pod: it has no name")
	}
	s := &State{
		uid:             m.GetUid(),
		name:            m.GetName(),
		resourceVersion: m.GetResourceVersion(),
		owner:           unique.Make(ownerFrom(m.GetOwner())),
		node:            unique.Make(m.GetNode()),
		phase:           unique.Make(m.GetPhase()),
		reason:          unique.Make(m.GetReason()),
		labels:          pairsFrom(m.GetLabels()),
		notes:           pairsFrom(m.GetAnnotations()),
		message:         m.GetMessage(),
		conditions:      m.GetConditions(),
		grace:           m.GetGrace() + notDeleting,
		containers:      make([]containerState, 0, len(m.GetContainers())),
	}
	for _, c := range m.GetContainers() {
		s.containers = append(s.containers, containerState{
			name:       unique.Make(c.GetName()),
			detail:     c.GetDetail(),
			terminated: c.GetTerminated(),
			restarts:   c.GetRestarts(),
			ended:      c.GetEnded() + neverEnded,
			kind:       kindFrom(c.GetKind()),
			ready:      c.GetReady(),
		})
	}
	return s, nil
}

// neverEnded is the number of the last run of a container that has not ended yet.
const neverEnded = -1

func (s *State) stored() *statev1.PodState {
	m := &statev1.PodState{
		Uid:             s.uid,
		Name:            s.name,
		ResourceVersion: s.resourceVersion,
		Owner:           s.owner.Value().stored(),
		Node:            s.node.Value(),
		Phase:           s.phase.Value(),
		Reason:          s.reason.Value(),
		Labels:          storedPairs(s.labels),
		Annotations:     storedPairs(s.notes),
		Message:         s.message,
		Conditions:      s.conditions,
		Grace:           s.grace - notDeleting,
		Containers:      make([]*statev1.Container, len(s.containers)),
	}
	containers := make([]statev1.Container, len(s.containers))
	for i := range s.containers {
		c := &s.containers[i]
		containers[i] = statev1.Container{
			Name:       c.name.Value(),
			Detail:     c.detail,
			Terminated: c.terminated,
			Restarts:   c.restarts,
			Ended:      c.ended - neverEnded,
			Kind:       statev1.Kind(c.kind) + statev1.Kind_KIND_WAITING,
			Ready:      c.ready,
		}
		m.Containers[i] = &containers[i]
	}
	return m
}

func kindFrom(k statev1.Kind) kind {
	switch k {
	case statev1.Kind_KIND_RUNNING:
		return running
	case statev1.Kind_KIND_TERMINATED:
		return terminated
	}
	return waiting
}

func (o owner) stored() *statev1.Owner {
	return &statev1.Owner{
		Namespace:            o.namespace,
		Container:            o.container,
		ControllerApiVersion: o.controller.APIVersion,
		ControllerKind:       o.controller.Kind,
		ControllerName:       o.controller.Name,
		ControllerUid:        o.controller.UID,
		Deployment:           o.workload.Deployment,
		ReplicaSet:           o.workload.ReplicaSet,
		StatefulSet:          o.workload.StatefulSet,
		DaemonSet:            o.workload.DaemonSet,
		Job:                  o.workload.Job,
		CronJob:              o.workload.CronJob,
		ServiceName:          o.service.Name,
		ServiceNamespace:     o.service.Namespace,
		ServiceVersion:       o.service.Version,
		ServiceInstance:      o.service.InstanceID,
	}
}

func ownerFrom(o *statev1.Owner) owner {
	return owner{
		namespace: o.GetNamespace(),
		container: o.GetContainer(),
		controller: record.OwnerRef{
			APIVersion: o.GetControllerApiVersion(), Kind: o.GetControllerKind(), Name: o.GetControllerName(), UID: o.GetControllerUid(),
		},
		workload: record.Workload{
			Deployment: o.GetDeployment(), ReplicaSet: o.GetReplicaSet(), StatefulSet: o.GetStatefulSet(),
			DaemonSet: o.GetDaemonSet(), Job: o.GetJob(), CronJob: o.GetCronJob(),
		},
		service: record.Service{
			Name: o.GetServiceName(), Namespace: o.GetServiceNamespace(), Version: o.GetServiceVersion(), InstanceID: o.GetServiceInstance(),
		},
	}
}

func storedPairs(l record.Labels) (pairs []*statev1.Pair) {
	for key, value := range l.All() {
		pairs = append(pairs, &statev1.Pair{Key: key, Value: value})
	}
	return pairs
}

func pairsFrom(pairs []*statev1.Pair) record.Labels {
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.GetKey()] = p.GetValue()
	}
	return record.NewLabels(m)
}
