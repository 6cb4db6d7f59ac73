package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// podFact is a fact about a pod as a whole whose change has a record. An event has at
// most one such record, which names the weightiest change.
type podFact uint8

// The facts, the weightiest first.
const (
	factReason podFact = iota + 1
	factDeletion
	factPhase
	factNode
	factLabels
	factOther // nothing relevant, but every new version has a record, or nothing is known of the pod
)

// podChange is the difference between two versions of a pod apart from its containers.
type podChange struct {
	prev, next *State
	pod        *corev1.Pod
	containers bool // containers have records in the same event
}

// weightiest returns the fact that the pod's record names, or 0 if it needs no record.
func (c *podChange) weightiest() podFact {
	switch {
	case c.reason():
		return factReason
	case c.prev.Grace() != c.next.Grace() && c.next.Grace() != snapshot.NotDeleting:
		return factDeletion
	case c.phase():
		return factPhase
	case c.prev.Node() != c.next.Node() && c.next.Node() != "":
		return factNode
	case !c.prev.SameLabels(c.next):
		return factLabels
	}
	return 0
}

// reason reports whether the status has another reason or message.
func (c *podChange) reason() bool {
	return !c.prev.SameReason(c.next) && (c.pod.Status.Reason != "" || c.pod.Status.Message != "")
}

// phase reports whether the phase changed and no container record shows that. Beside
// container records, only a failure needs a record: one that has a cause, or that no
// container shows.
func (c *podChange) phase() bool {
	if c.prev.Phase() == c.next.Phase() {
		return false
	}
	if !c.containers {
		return true
	}
	return failed(c.pod.Status.Phase) && (snapshot.CauseOf(c.pod).Known() || !anyFailed(c.pod))
}

// anyFailed reports whether a container of the pod terminated with a failure.
func anyFailed(pod *corev1.Pod) bool {
	var room [enough]podContainer
	for _, c := range containersOf(room[:0], pod) {
		if t := c.status.State.Terminated; t != nil && t.ExitCode != 0 {
			return true
		}
	}
	return false
}

// podRecord returns the record of a change of the pod as a whole.
func podRecord(c *podChange, fact podFact) record.Record {
	rec := podSummary(c.pod).update()
	switch fact {
	case factReason:
		c.statusReason(&rec)
	case factDeletion:
		rec.OccurredAt = deletionTime(c.pod)
		if failed(c.pod.Status.Phase) && c.prev != nil && c.prev.Phase() == c.next.Phase() {
			rec.Level = record.LevelInfo // the failure has its own record
		}
	case factPhase:
		rec.OccurredAt = c.disruptionTime()
	case factNode:
		rec.OccurredAt = scheduledTime(c.pod)
	case factLabels, factOther:
	}
	rec.Message = podMessage(c, fact, &rec)
	return rec
}

// statusReason sets the reason of the status in a record that is about it. A reason
// such as NodeLost can come without a failed phase.
func (c *podChange) statusReason(rec *record.Record) {
	rec.Reason, rec.Info = c.pod.Status.Reason, c.pod.Status.Message
	rec.OccurredAt = c.disruptionTime()
	ended := c.pod.Status.Phase == corev1.PodSucceeded || failed(c.pod.Status.Phase)
	if !ended && !deleting(c.pod) {
		rec.Level = max(rec.Level, record.LevelWarning)
	}
}

// disruptionTime returns the time of a disruption that began in the same event: no
// other time is given for the change of phase or reason that it causes.
func (c *podChange) disruptionTime() time.Time {
	d := snapshot.Disruption(c.pod)
	if d == nil || c.prev == nil || !failed(c.pod.Status.Phase) {
		return time.Time{}
	}
	if before := c.prev.Conditions().Get(string(d.Type)); before.Same(d) || !c.prev.Conditions().Known() {
		return time.Time{}
	}
	return d.LastTransitionTime.Time
}

func scheduledTime(pod *corev1.Pod) time.Time {
	c := snapshot.FindCondition(pod.Status.Conditions, string(corev1.PodScheduled), 0)
	if c == nil || c.Status != corev1.ConditionTrue {
		return time.Time{}
	}
	return c.LastTransitionTime.Time
}

// deletionTime returns the time at which the deletion was requested or its grace
// period was changed: the deletionTimestamp is when the grace period ends.
func deletionTime(pod *corev1.Pod) time.Time {
	if pod.DeletionTimestamp == nil {
		return time.Time{}
	}
	grace := int64(0)
	if g := pod.DeletionGracePeriodSeconds; g != nil {
		grace = *g
	}
	return pod.DeletionTimestamp.Add(-time.Duration(grace) * time.Second)
}
