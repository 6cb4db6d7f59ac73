package status

import (
	"strconv"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// message returns a record's message, one plain sentence. The Message of a record
// about the pod as a whole already contains the predicate.
func message(r *record.Record) string {
	namespace, name := r.Pod.Namespace, r.Pod.Name
	switch {
	case r.Action == record.Create && r.Initial:
		return "pod " + namespace + "/" + name + " exists"
	case r.Action == record.Create:
		return "pod " + namespace + "/" + name + " was created"
	case r.Action == record.Delete:
		return "pod " + namespace + "/" + name + because(" was deleted", r.Pod.Reason)
	case r.Container != nil:
		pod := " of pod " + namespace + "/" + name
		return subject(r.Container.Type) + r.Container.Name + pod + containerPredicate(r) + cause(r)
	}
	return "pod " + namespace + "/" + name + r.Message
}

// cause returns the reason of the pod unless it is that of the record: an eviction
// may have ended the container.
func cause(r *record.Record) string {
	if r.Pod.Reason == "" || r.Pod.Reason == r.Reason {
		return ""
	}
	return " (pod: " + r.Pod.Reason + ")"
}

// change returns the predicate for a change of the pod as a whole and names the most
// important difference. prev is nil if nothing is known of the pod.
func change(prev, next *State, r *record.Record) string {
	if prev == nil {
		return podPredicate(r)
	}
	switch {
	case !sameReason(prev, next):
		return podPredicate(r)
	case prev.grace() == notDeleting && next.grace() != notDeleting:
		return " is being deleted within " + seconds(next.grace())
	case prev.grace() != next.grace() && next.grace() != notDeleting:
		return " is being deleted, now within " + seconds(next.grace())
	case prev.node != next.node:
		return " was scheduled to node " + next.node.Value()
	case prev.phase != next.phase:
		return podPredicate(r) + ", its phase is " + next.phase.Value()
	case prev.labels != next.labels:
		return podPredicate(r) + ", its labels changed"
	case prev.conditions != next.conditions:
		return podPredicate(r) + ", its conditions changed"
	}
	return podPredicate(r)
}

func seconds(n int64) string { return strconv.FormatInt(n, 10) + " s" }

func subject(t record.ContainerType) string {
	if t == record.Regular {
		return "container "
	}
	return t.String() + " container "
}

func containerPredicate(r *record.Record) string {
	switch r.State {
	case record.Running:
		return runningPredicate(r)
	case record.Terminated:
		return terminatedPredicate(r)
	}
	return because(" is waiting", r.Reason)
}

func runningPredicate(r *record.Record) string {
	switch {
	case r.Container.Type == record.Init || r.Container.Type == record.Ephemeral: // has no readiness
		return " is running"
	case r.Container.Ready:
		return " is running and ready"
	case r.Level == record.LevelWarning:
		return " is running and no longer ready"
	}
	return " is running and not ready yet"
}

func terminatedPredicate(r *record.Record) string {
	var b strings.Builder
	b.WriteString(" terminated with exit code ")
	b.WriteString(strconv.Itoa(int(r.Container.ExitCode)))
	if r.Container.Signal != 0 {
		b.WriteString(" by signal ")
		b.WriteString(strconv.Itoa(int(r.Container.Signal)))
	}
	return because(b.String(), r.Reason)
}

func podPredicate(r *record.Record) string {
	switch r.State {
	case record.Error:
		return because(" is in error", r.Reason)
	case record.Running:
		return " is running"
	case record.Terminated:
		return because(" has terminated", r.Reason)
	}
	return because(" is waiting", r.Reason)
}

// because appends the reason to a predicate, if there is one.
func because(predicate, reason string) string {
	if reason == "" {
		return predicate
	}
	return predicate + ": " + reason
}
