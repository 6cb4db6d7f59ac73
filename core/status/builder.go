package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// builder collects the records of one event and gives each what they share.
type builder struct {
	cluster            string
	state              *State
	uid, version       string      // as strings, which the pod of an event has
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
	rec.ID = record.NewID(b.cluster, keyOf(b.uid, b.pod.Namespace, b.pod.Name), b.distinct(), rec.Action, container, len(b.records))
	rec.Message = message(&rec)
	b.records = append(b.records, rec)
}

// distinct tells one version of the pod from another. Only what somebody wrote by
// hand has no resourceVersion.
func (b *builder) distinct() string {
	if b.version != "" {
		return b.version
	}
	return b.at.UTC().Format(time.RFC3339Nano)
}

func (b *builder) deleting() bool { return b.state.grace() != notDeleting }

// containers tells what differs from prev in the containers of the pod, and has
// the state know it.
func (b *builder) containers(prev *State, pod *corev1.Pod) {
	var of [enough]containerOf
	var room, roomBefore [enough]containerState
	told, before := room[:0], roomBefore[:0]
	if prev != nil {
		before = prev.containers.unpack(before)
	}
	for i, c := range containersOf(of[:0], pod) {
		was, now := named(before, c.status.Name, i), stateOf(c.status)
		if prev != nil && crashHidden(c.status, was) {
			b.add(crash(c, b.deleting()))
			now.doubt(was, c.status)
		} else if was != nil {
			now.carry(was)
		}
		if was == nil || !sameContainer(was, &now) {
			b.add(b.container(pod, c, was))
		}
		told = append(told, now)
	}
	if prev != nil {
		b.state.containers = prev.containers
	}
	b.state.containers = pack(b.state.containers, told)
}

func created(pod *corev1.Pod) record.Record {
	return record.Record{Action: record.Create, OccurredAt: pod.CreationTimestamp.Time}
}

// container tells the present state of a container.
func (b *builder) container(pod *corev1.Pod, c containerOf, before *containerState) record.Record {
	rec := stateRecord(c, c.status.State, b.deleting())
	if c.status.State.Running == nil || before == nil {
		return rec
	}
	if before.ready && !c.status.Ready {
		rec.Level = record.LevelWarning
	}
	if before.kind == running && before.restarts == c.status.RestartCount {
		// Only the readiness changed, and not when the container started.
		rec.OccurredAt = transition(pod, corev1.ContainersReady)
	}
	return rec
}

// crash tells the last termination of a container as its state then was: not
// ready, and with the count of the restarts before that which followed.
func crash(c containerOf, deleting bool) record.Record {
	rec := stateRecord(c, c.status.LastTerminationState, deleting)
	rec.Container.Ready = false
	if rec.Container.RestartCount > 0 && kindOf(c.status.State) != waiting {
		rec.Container.RestartCount--
	}
	return rec
}

func stateRecord(c containerOf, s corev1.ContainerState, deleting bool) record.Record {
	rec := headlineOf(s, deleting).update()
	rec.Container = &record.Container{
		Name:         c.status.Name,
		Type:         c.typ,
		Image:        c.status.Image,
		Ready:        c.status.Ready,
		RestartCount: c.status.RestartCount,
		Status:       kindOf(s).String(),
	}
	switch {
	case s.Running != nil:
		rec.OccurredAt = s.Running.StartedAt.Time
	case s.Terminated != nil:
		rec.OccurredAt = s.Terminated.FinishedAt.Time
		rec.Container.Terminated = true
		rec.Container.ExitCode = s.Terminated.ExitCode
		rec.Container.Signal = s.Terminated.Signal
	}
	return rec
}

// headlineRecord tells a change of the pod in which no container changed.
func headlineRecord(prev, next *State, pod *corev1.Pod) record.Record {
	rec := podHeadline(pod).update()
	rec.Message = change(prev, next, &rec)
	switch {
	case prev == nil:
	case prev.grace() != next.grace():
		rec.OccurredAt = timeOf(pod.DeletionTimestamp)
	case prev.conditions != next.conditions:
		rec.OccurredAt = lastTransition(pod)
	}
	return rec
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// transition returns when a condition of the pod last changed.
func transition(pod *corev1.Pod, typ corev1.PodConditionType) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == typ {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// lastTransition returns when the last of the pod's conditions changed.
func lastTransition(pod *corev1.Pod) (last time.Time) {
	for _, c := range pod.Status.Conditions {
		if c.LastTransitionTime.After(last) {
			last = c.LastTransitionTime.Time
		}
	}
	return last
}
