package status

import (
	"strconv"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// message says in one plain sentence what a record tells.
func message(r *record.Record, deleting bool) string {
	pod := "pod " + r.Pod.Namespace + "/" + r.Pod.Name
	switch {
	case r.Action == record.Create && r.Initial:
		return pod + " exists"
	case r.Action == record.Create:
		return pod + " was created"
	case r.Action == record.Delete:
		return pod + " was deleted"
	case r.Container != nil:
		return subject(r.Container) + " of " + pod + containerPredicate(r)
	case deleting:
		return pod + " is being deleted"
	}
	return pod + podPredicate(r)
}

func subject(c *record.Container) string {
	if c.Type == record.Regular {
		return "container " + c.Name
	}
	return c.Type.String() + " container " + c.Name
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

func because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}
