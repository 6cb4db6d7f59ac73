package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// builder collects the records of one event and fills in the fields that they share.
type builder struct {
	cluster            string
	prev               *State // nil: nothing is known of the pod
	state              *State
	event              *corev1.Pod // nil: the pod vanished
	uid, version       string      // strings that the event's pod holds already
	pod                *record.Pod // made with the first record: most events have none
	cause              string      // reason of the last known cause
	at                 time.Time
	initial, recovered bool
	records            []record.Record

	// Positions of the next records about the pod and about containers. They are
	// counted apart, so that one does not change the ids of the others.
	nextPod, nextContainer int
}

// about sets the pod of the event and its state.
func (b *builder) about(cluster string, s *State, pod *corev1.Pod) {
	b.cluster, b.state, b.event = cluster, s, pod
	b.uid, b.version = string(pod.UID), pod.ResourceVersion
	b.cause = causeOf(pod).reason
}

func (b *builder) add(rec record.Record) {
	if b.pod == nil {
		b.pod = b.state.pod(b.uid)
		b.pod.Labels, b.pod.LabelsOmitted = recordLabels(b.state, b.event)
	}
	rec.Time, rec.Pod = b.at, b.pod
	rec.Initial, rec.Recovered = b.initial, b.recovered
	rec.ResourceVersion = b.version
	rec.ID = b.id(&rec)
	rec.Message = b.message(&rec)
	b.records = append(b.records, rec)
}

func (b *builder) id(rec *record.Record) record.ID {
	container, position := "", &b.nextPod
	if rec.Container != nil {
		container, position = rec.Container.Name, &b.nextContainer
	}
	key := keyOf(b.uid, b.pod.Namespace, b.pod.Name)
	id := record.NewID(b.cluster, key, b.distinct(), rec.Action, container, *position)
	*position++
	if rec.Action == record.Create {
		b.nextContainer++
	}
	return id
}

// distinct returns a string that distinguishes this version of the pod from others.
// Only pods in handwritten recordings have no resourceVersion.
func (b *builder) distinct() string {
	if b.version != "" {
		return b.version
	}
	return b.at.UTC().Format(time.RFC3339Nano)
}

// changes adds the records of a pod that differs from the state before.
func (b *builder) changes(prev *State, pod *corev1.Pod, list []comparison, containers bool) {
	change := podChange{prev: prev, next: b.state, pod: pod, containers: containers}
	if fact := change.weightiest(); fact != 0 {
		b.add(podRecord(&change, fact))
	}
	if prev.conditions.known() && prev.conditions != b.state.conditions {
		b.conditions(prev.conditions, &conditionEvent{pod: pod, containers: containers})
	}
	if containers {
		b.hidden(list)
		b.containers(list)
	}
}
