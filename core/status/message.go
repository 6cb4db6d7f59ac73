package status

import (
	"strconv"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// message returns a record's message, one plain sentence: its subject and the
// predicate that the rule has put into the record.
func (b *builder) message(r *record.Record) string {
	namespace, name := r.Pod.Namespace, r.Pod.Name
	if c := r.Container; c != nil {
		return kindPrefix(c.Type) + c.Name + " of pod " + namespace + "/" + name + r.Message + b.aside(r)
	}
	predicate := r.Message
	switch {
	case r.Action == record.Create && r.Initial:
		predicate = " already existed"
	case r.Action == record.Create:
		predicate = " was created"
	case r.Action == record.Delete:
		predicate = because(" was deleted", r.Reason) + record.Details(r.Info)
	}
	return "pod " + namespace + "/" + name + predicate
}

func kindPrefix(t record.ContainerType) string {
	switch t {
	case record.Init:
		return "init container "
	case record.Sidecar:
		return "sidecar container "
	case record.Ephemeral:
		return "ephemeral container "
	case record.Regular:
	}
	return "container "
}

// aside names the cause of the pod in a record about a container, unless it is the
// record's own reason: an eviction may have ended the container.
func (b *builder) aside(r *record.Record) string {
	if b.cause == "" || b.cause == r.Reason {
		return ""
	}
	return " (pod reason: " + b.cause + ")"
}

// podMessage returns the predicate of a record about the pod as a whole.
func podMessage(c *podChange, fact podFact, r *record.Record) string {
	switch fact {
	case factReason:
		return reasonMessage(c, r) + record.Details(r.Info)
	case factDeletion:
		return deletionMessage(c)
	case factPhase:
		return phaseMessage(c, r)
	case factNode:
		return " was scheduled to node " + c.next.Node()
	case factLabels:
		return " had its labels changed" + trouble(r)
	}
	if c.prev == nil {
		return phaseMessage(c, r)
	}
	return " was updated" + trouble(r)
}

// trouble returns why the level of a record is not info, for a change that is none by
// itself.
func trouble(r *record.Record) string {
	switch {
	case r.Level == record.LevelInfo:
		return ""
	case r.State == record.Waiting:
		return because(" and is waiting", r.Reason)
	case r.State == record.Running:
		return " and is running"
	}
	return because(" and is in error", r.Reason)
}

func reasonMessage(c *podChange, r *record.Record) string {
	if end := ending(c.next.Phase()); end != "" {
		return because(end, r.Reason)
	}
	if r.Reason == "" {
		return " has a new status message"
	}
	return " has status reason " + r.Reason
}

func deletionMessage(c *podChange) string {
	period := seconds(c.next.Grace())
	message := " is being deleted with a grace period of " + period
	if c.prev != nil && c.prev.Grace() != snapshot.NotDeleting {
		message = " is being deleted, now with a grace period of " + period
	}
	return because(message, snapshot.CauseOf(c.pod).Reason)
}

func phaseMessage(c *podChange, r *record.Record) string {
	phase := c.next.Phase()
	if end := ending(phase); end != "" {
		return because(end, r.Reason) + record.Details(r.Info)
	}
	if phase == "Running" {
		return " is running"
	}
	return " is in phase " + phase
}

// ending returns the predicate for a pod that has ended, otherwise "".
func ending(phase string) string {
	switch phase {
	case "Succeeded":
		return " succeeded"
	case "Failed":
		return " failed"
	case "Unknown":
		return " is in phase Unknown"
	}
	return ""
}

func seconds(n int64) string { return strconv.FormatInt(n, 10) + " s" }

func runningMessage(r *record.Record, lost bool) string {
	switch {
	case !hasReadiness(r.Container.Type):
		return " is running"
	case r.Container.Ready:
		return " is running and ready"
	case lost:
		return " is running but no longer ready"
	}
	return " is running but not ready yet"
}

func terminatedMessage(r *record.Record) string {
	message := " terminated with exit code " + strconv.Itoa(int(r.Container.ExitCode))
	if r.Container.Signal != 0 {
		message += " (signal " + strconv.Itoa(int(r.Container.Signal)) + ")"
	}
	return because(message, r.Reason) + explanation(r)
}

// explanation returns the message of Kubernetes in a record of level error.
func explanation(r *record.Record) string {
	if r.Level != record.LevelError {
		return ""
	}
	return record.Details(r.Info)
}

func deviceMessage(r *record.Record) string {
	switch r.Container.Device.Health {
	case "Healthy":
		return " has a healthy device: " + deviceName(r)
	case "Unhealthy":
		return " has an unhealthy device: " + deviceName(r)
	}
	return " has a device whose health is unknown: " + deviceName(r)
}

func deviceName(r *record.Record) string {
	return r.Container.Device.Resource + " " + r.Container.Device.ID + record.Details(r.Info)
}

// because appends the reason to a predicate, if there is one.
func because(predicate, reason string) string {
	if reason == "" {
		return predicate
	}
	return predicate + ": " + reason
}
