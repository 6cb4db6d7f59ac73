package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// builder collects the records of one event and fills in the fields that they share.
type builder struct {
	cluster            string
	state              *State
	uid, version       string      // strings that the event's pod holds already
	pod                *record.Pod // made with the first record: most events have none
	at                 time.Time
	initial, recovered bool
	records            []record.Record
}

func (r Rules) builder(s *State, pod *corev1.Pod, at time.Time) *builder {
	return &builder{cluster: r.Cluster, state: s, uid: string(pod.UID), version: pod.ResourceVersion, at: at}
}

func (b *builder) add(rec record.Record) {
	if b.pod == nil {
		b.pod = b.state.pod(b.uid)
	}
	container := ""
	if rec.Container != nil {
		container = rec.Container.Name
	}
	rec.Time, rec.Pod = b.at, b.pod
	rec.Initial, rec.Recovered = b.initial, b.recovered
	rec.ResourceVersion = b.version
	key := keyOf(b.uid, b.pod.Namespace, b.pod.Name)
	rec.ID = record.NewID(b.cluster, key, b.distinct(), rec.Action, container, len(b.records))
	rec.Message = message(&rec)
	b.records = append(b.records, rec)
}

// distinct returns a string that distinguishes this version of the pod from others.
// Only pods in handwritten recordings have no resourceVersion.
func (b *builder) distinct() string {
	if b.version != "" {
		return b.version
	}
	return b.at.UTC().Format(time.RFC3339Nano)
}

func (b *builder) deleting() bool { return b.state.grace() != notDeleting }

// containers adds a record for each difference from prev in the containers of the
// pod, and sets the containers of the state.
func (b *builder) containers(prev *State, pod *corev1.Pod) {
	var room [enough]podContainer
	var roomNow, roomBefore [enough]containerState
	states, before := roomNow[:0], roomBefore[:0]
	if prev != nil {
		before = prev.containers.unpack(before)
	}
	for i, c := range containersOf(room[:0], pod) {
		was, now := named(before, c.status.Name, i), stateOf(c.status)
		if prev != nil && hiddenTermination(c.status, was) {
			b.add(terminationRecord(c, b.deleting()))
			now.reopen(was, c.status)
		} else if was != nil {
			now.carry(was)
		}
		if was == nil || !sameContainer(was, &now) {
			b.add(b.container(pod, c, was))
		}
		states = append(states, now)
	}
	if prev != nil {
		b.state.containers = prev.containers
	}
	b.state.containers = pack(b.state.containers, states)
}

func created(pod *corev1.Pod) record.Record {
	return record.Record{Action: record.Create, OccurredAt: pod.CreationTimestamp.Time}
}
