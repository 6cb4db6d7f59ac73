package status

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// comparison is a container of a pod and what changed about it.
type comparison struct {
	podContainer
	was, now snapshot.Container
	known    bool // was is the state before
	hidden   bool // the last termination needs a record
	changed  bool // the present state needs a record
}

// needsRecord reports whether the container has at least one record.
func (c *comparison) needsRecord() bool {
	if c.hidden || c.changed {
		return true
	}
	var room [enough]device
	return c.was.Devices != c.now.Devices && len(changedDevices(room[:0], c.was.Devices, c.status)) > 0
}

// before returns the state before, or nil if nothing is known of the container.
func (c *comparison) before() *snapshot.Container {
	if !c.known {
		return nil
	}
	return &c.was
}

// comparer compares the containers of a pod with the state before, which is nil if
// nothing is known of the pod.
type comparer struct {
	prev *State
	pod  *corev1.Pod
}

// containers appends to list the containers of the pod, compared with the states
// before.
func (c comparer) containers(list []comparison, before []snapshot.Container) []comparison {
	var room [enough]podContainer
	for i, container := range containersOf(room[:0], c.pod) {
		list = append(list, comparison{podContainer: container})
		c.container(&list[len(list)-1], named(before, container.status.Name, i))
	}
	return list
}

func (c comparer) container(cmp *comparison, was *snapshot.Container) {
	status := cmp.status
	cmp.now = stateOf(status, was)
	cmp.hidden = c.hiddenTermination(status, was)
	cmp.changed = was == nil || !sameContainer(was, &cmp.now) && !knownTermination(status, was)
	if cmp.hidden {
		reopen(&cmp.now, was, status)
	} else if was != nil {
		carry(&cmp.now, was)
	}
	if was != nil {
		cmp.was, cmp.known = *was, true
	}
}

// restartsInPlace reports whether the kubelet restarts all containers of the pod
// without replacing the pod, or did so in the version before.
func (c comparer) restartsInPlace() bool {
	const typ, is = corev1.AllContainersRestarting, corev1.ConditionTrue
	if now := snapshot.FindCondition(c.pod.Status.Conditions, string(typ), 0); now != nil && now.Status == is {
		return true
	}
	return c.prev != nil && c.prev.Conditions().Get(string(typ)).Status == string(is)
}

// anyRecord reports whether a container has a record.
func anyRecord(list []comparison) bool {
	for i := range list {
		if list[i].needsRecord() {
			return true
		}
	}
	return false
}

// packed returns the states of the containers, which often are those before.
func packed(before snapshot.Containers, list []comparison) snapshot.Containers {
	var room [enough]snapshot.Container
	states := room[:0]
	for i := range list {
		states = append(states, list[i].now)
	}
	return snapshot.Pack(before, states)
}

// enough is a number of containers that most pods do not exceed. Arrays of this length
// avoid allocations.
const enough = 8

// stateOf returns the state of a container. before is nil if nothing is known of it.
func stateOf(c *corev1.ContainerStatus, before *snapshot.Container) snapshot.Container {
	s := snapshot.ContainerOf(c)
	s.Ended = lastRun(c, before)
	if c.State.Terminated != nil {
		s.Ended = c.RestartCount
	}
	return s
}

// sameContainer reports whether two states of a container need no record, apart from
// the health of devices. A termination that becomes the last one is no change.
func sameContainer(a, b *snapshot.Container) bool {
	return a.Detail == b.Detail && a.Restarts == b.Restarts && a.Kind == b.Kind && a.Ready == b.Ready
}

// named returns the state of the container with this name or nil. at is its usual
// index.
func named(containers []snapshot.Container, name string, at int) *snapshot.Container {
	if at < len(containers) && containers[at].Name == name {
		return &containers[at]
	}
	i := slices.IndexFunc(containers, func(s snapshot.Container) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &containers[i]
}
