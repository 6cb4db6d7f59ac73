package e2e

import (
	"slices"
	"strings"
)

// termination is the end of one run of a container.
type termination struct{ container, id string }

// terminationOf identifies a termination by the ID of the container that ran, as each run
// has its own. A kubelet that restarts may report the same one with other times.
func terminationOf(c container, terminated object) termination {
	if id := text(terminated, "containerID"); id != "" {
		return termination{c.name, id}
	}
	return termination{c.name, canonical(terminated)}
}

// remember makes pod the last reported version. It adds the terminations in it to those
// reported and keeps the earlier ones: writers of a status may overlap, and an old
// lastState come back.
func (h *podHistory) remember(pod object) {
	for _, c := range containersOf(pod) {
		for _, key := range []string{"lastState", "state"} {
			if ended := at(c.status, key, "terminated"); ended != nil {
				h.reported[terminationOf(c, ended)] = true
				h.ended[c.name] = true
			}
		}
		if kindOf(at(c.status, "state")) == "running" && !isInvented(at(c.status, "lastState", "terminated")) {
			delete(h.ended, c.name) // of the run that is under way, none was
		}
	}
	h.pod = pod
}

// isInvented reports whether a kubelet made up an end that it did not see.
func isInvented(terminated object) bool {
	reason := text(terminated, "reason")
	return terminated["exitCode"] == 137.0 && !isIdentified(terminated) &&
		(reason == "ContainerStatusUnknown" || reason == "RestartingAllContainers")
}

func isIdentified(terminated object) bool {
	return text(terminated, "containerID") != "" || text(terminated, "startedAt") != "" ||
		text(terminated, "finishedAt") != ""
}

// statusBefore returns the status that a container had in the last reported version.
func (h *podHistory) statusBefore(name string) object {
	for _, c := range containersOf(h.pod) {
		if c.name == name {
			return c.status
		}
	}
	return nil
}

// hidden returns the records of terminations in lastState that were never a state.
func (h *podHistory) hidden(pod object) (records []object) {
	for _, c := range containersOf(pod) {
		last := at(c.status, "lastState", "terminated")
		before := h.statusBefore(c.name)
		switch {
		case last == nil || h.reported[terminationOf(c, last)] && !isInvented(last):
		case before != nil && at(before, "state", "terminated") != nil && before["restartCount"] == c.status["restartCount"]:
		case isInvented(last) && !h.losesRun(pod, c, before):
		default:
			rec := containerRecord(pod, c, at(c.status, "lastState"))
			rec["ready"] = false
			rec["restart_count"] = endedRun(c, before)
			records = append(records, rec)
		}
	}
	return records
}

// losesRun reports whether an end that the kubelet made up is the only sign of the end of
// a run: the container ran, and neither its pod restarts all its containers nor did the
// same sign come before.
func (h *podHistory) losesRun(pod object, c container, before object) bool {
	restarting := conditionOf(pod, "AllContainersRestarting")["status"] == "True" ||
		conditionOf(h.pod, "AllContainersRestarting")["status"] == "True"
	if restarting || at(c.status, "lastState", "terminated")["reason"] == "RestartingAllContainers" {
		return false
	}
	if before == nil || kindOf(at(before, "state")) != "running" {
		return !h.ended[c.name]
	}
	return kindOf(at(c.status, "state")) == "waiting" || before["restartCount"] != c.status["restartCount"]
}

// endedRun returns the restart count of the run that lastState ended.
func endedRun(c container, before object) any {
	count := c.status["restartCount"].(float64)
	if at(c.status, "state", "waiting") == nil && len(at(c.status, "state")) > 0 {
		return max(0, count-1)
	}
	if isInvented(at(c.status, "lastState", "terminated")) && before != nil && kindOf(at(before, "state")) == "running" {
		return before["restartCount"]
	}
	return count
}

// changed returns the records of containers that changed or appeared.
func (h *podHistory) changed(pod object) (records []object) {
	for _, c := range containersOf(pod) {
		before := h.statusBefore(c.name)
		if before != nil && containerFacts(before) == containerFacts(c.status) || h.repeats(c, before) {
			continue
		}
		rec := containerRecord(pod, c, at(c.status, "state"))
		loses := c.status["ready"] != true && before["ready"] == true && (c.typ == "container" || c.typ == "sidecar")
		if loses && at(c.status, "state", "running") != nil && !isDeleting(pod) {
			rec["level"] = "warning"
		}
		if isInvented(at(c.status, "state", "terminated")) && at(before, "state", "running") != nil {
			rec["restart_count"] = before["restartCount"]
		}
		records = append(records, rec)
	}
	return records
}

// repeats reports whether a container that did not run since has an end that was
// reported, or one that the kubelet made up in its place.
func (h *podHistory) repeats(c container, before object) bool {
	ended := at(c.status, "state", "terminated")
	switch {
	case ended == nil || before == nil || at(before, "state", "running") != nil:
		return false
	case isInvented(ended):
		return h.ended[c.name]
	}
	waited := at(before, "state", "terminated") == nil
	return waited && isIdentified(ended) && h.reported[terminationOf(c, ended)]
}

// isPlain reports whether a container needs no record at first sight.
func isPlain(pod object, c container) bool {
	state := at(c.status, "state")
	switch kindOf(state) {
	case "running":
		return c.status["ready"] == true || c.typ == "init" || c.typ == "ephemeral"
	case "terminated":
		t := at(state, "terminated")
		return t["exitCode"] == 0.0 && t["reason"] != "OOMKilled" || t["exitCode"] != 0.0 && outlives(pod, c)
	}
	return slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, text(state, "waiting", "reason"))
}

// outlives reports whether a container is a sidecar whose regular containers have ended.
func outlives(pod object, c container) bool {
	regular := list(pod, "status", "containerStatuses")
	for _, status := range regular {
		if at(status, "state", "terminated") == nil {
			return false
		}
	}
	return c.typ == "sidecar" && len(regular) > 0
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

// containerRecord returns the record of a container in a state.
func containerRecord(pod object, c container, state object) object {
	rec := baseRecord("update", pod)
	rec["container"], rec["container_type"], rec["image"] = c.name, c.typ, text(c.status, "image")
	if strings.HasPrefix(text(c.status, "image"), "sha256:") {
		rec["image"] = c.image
	}
	rec["ready"], rec["restart_count"] = c.status["ready"], c.status["restartCount"]
	setState(rec, pod, c, state)
	if t := at(state, "terminated"); t != nil {
		rec["exit_code"] = t["exitCode"]
		if signal := t["signal"]; signal != nil {
			rec["signal"] = signal
		}
	}
	return rec
}

// setState sets state, level, reason and info as the contract's table says.
func setState(rec, pod object, c container, state object) {
	kind := kindOf(state)
	detail := at(state, kind)
	reason, message := text(detail, "reason"), text(detail, "message")
	rec["state"] = kind
	switch kind {
	case "waiting":
		rec["state"], rec["level"] = waitingFor(pod, reason)
	case "terminated":
		rec["level"] = levelOfEnd(pod, c, detail)
	}
	if kind == "waiting" || reason != "" || message != "" {
		rec["reason"], rec["info"] = reason, message
	}
}

func waitingFor(pod object, reason string) (state, level string) {
	normal := []string{
		"", "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "ImagePullBackOff", "RestartingAllContainers",
	}
	switch {
	case !slices.Contains(normal, reason):
		return "error", "error"
	case isDeleting(pod):
		return "waiting", "info"
	}
	return "waiting", "warning"
}

func levelOfEnd(pod object, c container, ended object) string {
	switch {
	case ended["exitCode"] == 0.0 && ended["reason"] == "OOMKilled":
		return "error"
	case ended["exitCode"] == 0.0 || isDeleting(pod) || outlives(pod, c):
		return "info"
	case isInvented(ended) && ended["reason"] == "RestartingAllContainers":
		return "warning"
	}
	return "error"
}
