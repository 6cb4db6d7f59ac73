package status

import (
	corev1 "k8s.io/api/core/v1"
)

// comparison is a container of a pod and what changed about it.
type comparison struct {
	podContainer
	was, now containerState
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
	return c.was.devices != c.now.devices && len(changedDevices(room[:0], c.was.devices, c.status)) > 0
}

// before returns the state before, or nil if nothing is known of the container.
func (c *comparison) before() *containerState {
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
func (c comparer) containers(list []comparison, before []containerState) []comparison {
	var room [enough]podContainer
	for i, container := range containersOf(room[:0], c.pod) {
		list = append(list, comparison{podContainer: container})
		c.container(&list[len(list)-1], named(before, container.status.Name, i))
	}
	return list
}

func (c comparer) container(cmp *comparison, was *containerState) {
	status := cmp.status
	cmp.now = stateOf(status, was)
	cmp.hidden = c.hiddenTermination(status, was)
	cmp.changed = was == nil || !sameContainer(was, &cmp.now) && !knownTermination(status, was)
	if cmp.hidden {
		cmp.now.reopen(was, status)
	} else if was != nil {
		cmp.now.carry(was)
	}
	if was != nil {
		cmp.was, cmp.known = *was, true
	}
}

// restartsInPlace reports whether the kubelet restarts all containers of the pod
// without replacing the pod, or did so in the version before.
func (c comparer) restartsInPlace() bool {
	const typ, is = corev1.AllContainersRestarting, corev1.ConditionTrue
	if now := findCondition(c.pod.Status.Conditions, string(typ), 0); now != nil && now.Status == is {
		return true
	}
	return c.prev != nil && c.prev.conditions.get(string(typ)).status == string(is)
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

// packContainers returns the states of the containers, which often are those before.
func packContainers(before packed, list []comparison) packed {
	var room [256]byte
	b := room[:0]
	for i := range list {
		b = list[i].now.pack(b)
	}
	if string(b) == string(before) {
		return before
	}
	return packed(b)
}
