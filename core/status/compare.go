package status

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// comparison is a container of a pod and what changed about it.
type comparison struct {
	podContainer
	was     snapshot.Container
	known   bool // was is the state before
	hidden  bool // the last termination needs a record
	changed bool // the present state needs a record
	devices bool // a device has another health, or another device is allocated
}

// needsRecord reports whether the container has at least one record.
func (c *comparison) needsRecord() bool {
	if c.hidden || c.changed {
		return true
	}
	var room [enough]device
	return c.devices && len(changedDevices(room[:0], c.was.Devices, c.status)) > 0
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

// room is the memory of a comparison, enough for most pods, so that it is on the stack.
type room struct {
	list        [enough]comparison
	before, now [enough]snapshot.Container
}

// containers returns the containers of the pod, compared with the states before, and
// their states now.
func (c comparer) containers(r *room) (list []comparison, now []snapshot.Container) {
	var before []snapshot.Container
	if c.prev != nil {
		before = c.prev.Containers().Unpack(r.before[:0])
	}
	var found [enough]podContainer
	list, now = r.list[:0], r.now[:0]
	for i, container := range containersOf(found[:0], c.pod) {
		list = append(list, comparison{podContainer: container})
		now = append(now, snapshot.Container{})
		c.container(&list[i], &now[i], named(before, container.status.Name, i))
	}
	return list, now
}

func (c comparer) container(cmp *comparison, now, was *snapshot.Container) {
	status := cmp.status
	*now = stateOf(status, was)
	cmp.hidden = c.hiddenTermination(status, was)
	cmp.changed = was == nil || !sameContainer(was, now) && !knownTermination(status, was)
	if cmp.hidden {
		reopen(now, was, status)
	} else if was != nil {
		carry(now, was)
	}
	if was != nil {
		cmp.was, cmp.known = *was, true
	}
	cmp.devices = cmp.was.Devices != now.Devices
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
