package e2e

import (
	"slices"
	"strings"
)

// container is a container with its status.
type container struct {
	name, typ string
	status    object
}

// containersOf returns the containers that have a status, in the order of the spec.
func containersOf(pod object) (all []container) {
	for _, kind := range []struct{ spec, status, typ string }{
		{"initContainers", "initContainerStatuses", "init"},
		{"containers", "containerStatuses", "container"},
		{"ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"},
	} {
		for _, spec := range list(pod, "spec", kind.spec) {
			for _, status := range list(pod, "status", kind.status) {
				if status["name"] != spec["name"] {
					continue
				}
				typ := kind.typ
				if typ == "init" && spec["restartPolicy"] == "Always" {
					typ = "sidecar"
				}
				all = append(all, container{text(spec, "name"), typ, status})
			}
		}
	}
	return all
}

// containerFacts returns the facts of a container whose changes give a record.
func containerFacts(status object) string {
	facts := object{"ready": status["ready"], "restarts": status["restartCount"], "kind": kindOf(at(status, "state"))}
	for _, kind := range []string{"waiting", "terminated"} {
		for _, key := range []string{"reason", "message", "exitCode", "signal"} {
			facts[key+kind] = at(status, "state", kind)[key]
		}
	}
	return canonical(facts)
}

func kindOf(state object) string {
	for _, kind := range []string{"terminated", "running"} {
		if state[kind] != nil {
			return kind
		}
	}
	return "waiting"
}

// podFacts returns the facts of a pod whose changes give a record.
func podFacts(pod object) string {
	meta, status := at(pod, "metadata"), at(pod, "status")
	var conditions []string
	for _, c := range list(pod, "status", "conditions") {
		conditions = append(conditions, canonical([]any{c["type"], c["status"], c["reason"]}))
	}
	slices.Sort(conditions)
	return canonical([]any{
		text(pod, "spec", "nodeName"), status["phase"], status["reason"], status["message"], conditions,
		meta["deletionTimestamp"] != nil, meta["deletionGracePeriodSeconds"], meta["labels"],
	})
}

// collides reports whether a label of the tests has the key of a field.
func collides(label string) bool { return label == "pod" || label == "bundle.id" }

// baseRecord returns what all records of the pod contain.
func baseRecord(action string, pod object) object {
	rec := object{
		"action": action, "level": "info", "pod": text(pod, "metadata", "name"), "namespace": text(pod, "metadata", "namespace"),
		"pod_uid": text(pod, "metadata", "uid"), "phase": text(pod, "status", "phase"), "cluster": "e2e",
		"resource_version": text(pod, "metadata", "resourceVersion"),
	}
	if node := text(pod, "spec", "nodeName"); node != "" {
		rec["node"] = node
	}
	for k, v := range at(pod, "metadata", "labels") {
		if collides(k) {
			k = "label." + k
		}
		rec[k] = v
	}
	return rec
}

// containerRecord returns the record of a container in a state.
func containerRecord(pod object, c container, state object) object {
	rec := baseRecord("update", pod)
	rec["container"], rec["container_type"], rec["image"] = c.name, c.typ, text(c.status, "image")
	rec["ready"], rec["restart_count"] = c.status["ready"], c.status["restartCount"]
	setState(rec, pod, state)
	if t := at(state, "terminated"); t != nil {
		rec["exit_code"] = t["exitCode"]
		if signal := t["signal"]; signal != nil {
			rec["signal"] = signal
		}
	}
	return rec
}

// hiddenTermination returns the record of the termination in lastState, which no version of
// the pod had as its state.
func hiddenTermination(pod object, c container) object {
	rec := containerRecord(pod, c, at(c.status, "lastState"))
	rec["ready"] = false
	if at(c.status, "state", "waiting") == nil {
		rec["restart_count"] = rec["restart_count"].(float64) - 1
	}
	return rec
}

// setState sets state, level, reason and info as the contract's table says.
func setState(rec, pod, state object) {
	kind := kindOf(state)
	detail := at(state, kind)
	reason, message := text(detail, "reason"), text(detail, "message")
	rec["state"] = kind
	switch {
	case kind == "waiting" && isError(reason):
		rec["state"], rec["level"] = "error", "error"
	case kind == "waiting":
		rec["level"] = "warning"
	case kind == "terminated" && detail["exitCode"] != 0.0 && at(pod, "metadata")["deletionTimestamp"] == nil:
		rec["level"] = "error"
	}
	if rec["level"] != "info" && kind == "waiting" || reason != "" || message != "" {
		rec["reason"], rec["info"] = reason, message
	}
}

func isError(reason string) bool {
	return strings.HasPrefix(reason, "Err") || strings.HasSuffix(reason, "Error") || reason == "InvalidImageName" ||
		reason == "RegistryUnavailable" || reason == "SignatureValidationFailed"
}

// summaryRecord returns the record about the pod as a whole.
func summaryRecord(pod object) object {
	rec := baseRecord("update", pod)
	phase, reason := text(pod, "status", "phase"), text(pod, "status", "reason")
	if (phase == "Failed" || phase == "Unknown") && reason != "" {
		rec["state"], rec["level"], rec["reason"], rec["info"] = "error", "error", reason, text(pod, "status", "message")
		return rec
	}
	for _, c := range list(pod, "status", "conditions") {
		if c["type"] == "PodScheduled" && c["status"] == "False" && text(c, "reason") != "" {
			rec["state"], rec["level"], rec["reason"], rec["info"] = "waiting", "warning", text(c, "reason"), text(c, "message")
			return rec
		}
	}
	all := containersOf(pod)
	if len(all) == 0 {
		setState(rec, pod, object{})
		return rec
	}
	for _, c := range all {
		unfinished := c.typ == "init" && at(c.status, "state", "terminated")["exitCode"] != 0.0
		if unfinished || c.typ == "sidecar" && kindOf(at(c.status, "state")) == "waiting" {
			setState(rec, pod, at(c.status, "state"))
			return rec
		}
	}
	order := []string{"error", "waiting", "terminated in error", "running", "terminated"}
	best := len(order)
	for _, c := range all {
		if c.typ == "init" || c.typ == "ephemeral" {
			continue
		}
		candidate := baseRecord("update", pod)
		setState(candidate, pod, at(c.status, "state"))
		state := text(candidate, "state")
		if state == "terminated" && at(c.status, "state", "terminated")["exitCode"] != 0.0 {
			state = "terminated in error"
		}
		if rank := slices.Index(order, state); rank < best {
			best, rec = rank, candidate
		}
	}
	return rec
}
