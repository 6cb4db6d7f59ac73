package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// builder collects the records of one event and fills in the fields that they share.
type builder struct {
	cluster            string
	prev               *State // nil: nothing is known of the pod
	state              *State
	event              *corev1.Pod // nil: the pod vanished
	version            string      // the event's
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
	b.version = pod.ResourceVersion
	b.cause = snapshot.CauseOf(pod).Reason
}

func (b *builder) add(rec record.Record) {
	if b.pod == nil {
		b.pod = b.state.Pod(b.event)
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
	id := record.NewID(b.cluster, podKey(b.pod), b.distinct(), rec.Action, container, *position)
	*position++
	if rec.Action == record.Create {
		b.nextContainer++
	}
	return id
}

// podKey returns a string that identifies a pod: its UID, or namespace and name if it has
// none, as in a handwritten recording.
func podKey(p *record.Pod) string {
	if p.UID != "" {
		return p.UID
	}
	return p.Namespace + "/" + p.Name
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
	if before := prev.Conditions(); before.Known() && before != b.state.Conditions() {
		b.conditions(before, &conditionEvent{pod: pod, containers: containers})
	}
	if containers {
		b.hidden(list)
		b.containers(list)
	}
}
