package e2e

import "slices"

// podRecords returns the record about the pod as a whole, if it has one: about the first
// of these that changed.
func podRecords(before, pod object, besideContainers bool) []object {
	rec := summaryRecord(pod)
	switch {
	case changedStatus(before, pod):
		return []object{withStatus(rec, pod)}
	case isDeleting(pod) && deletionOf(before) != deletionOf(pod):
		if hasFailed(pod) {
			rec["level"] = "info"
		}
	case needsPhase(before, pod, besideContainers):
	case text(pod, "spec", "nodeName") != "" && text(before, "spec", "nodeName") != text(pod, "spec", "nodeName"):
	case canonical(at(before, "metadata", "labels")) != canonical(at(pod, "metadata", "labels")):
	default:
		return nil
	}
	return []object{rec}
}

func changedStatus(before, pod object) bool {
	reason, message := text(pod, "status", "reason"), text(pod, "status", "message")
	if reason == "" && message == "" {
		return false
	}
	return reason != text(before, "status", "reason") || message != text(before, "status", "message")
}

// withStatus sets reason and message of the status, which need not be those of a failure.
func withStatus(rec, pod object) object {
	rec["reason"], rec["info"] = text(pod, "status", "reason"), text(pod, "status", "message")
	ended := hasFailed(pod) || text(pod, "status", "phase") == "Succeeded"
	if !ended && !isDeleting(pod) && rec["level"] == "info" {
		rec["level"] = "warning"
	}
	return rec
}

func deletionOf(pod object) string {
	return canonical([]any{isDeleting(pod), at(pod, "metadata")["deletionGracePeriodSeconds"]})
}

func needsPhase(before, pod object, besideContainers bool) bool {
	if text(before, "status", "phase") == text(pod, "status", "phase") {
		return false
	}
	if !besideContainers {
		return true
	}
	reason, message := causeOf(pod)
	failed := slices.ContainsFunc(containersOf(pod), func(c container) bool {
		t := at(c.status, "state", "terminated")
		return t != nil && t["exitCode"] != 0.0
	})
	return hasFailed(pod) && (reason != "" || message != "" || !failed)
}

// firstPodRecords returns the records about a pod as a whole at first sight.
func firstPodRecords(pod object) (records []object) {
	rec := summaryRecord(pod)
	switch {
	case text(pod, "status", "reason") != "" || text(pod, "status", "message") != "":
		records = append(records, withStatus(rec, pod))
	case isDeleting(pod):
		if hasFailed(pod) {
			rec["level"] = "info"
		}
		records = append(records, rec)
	case hasFailed(pod):
		records = append(records, rec)
	}
	return append(records, firstConditionRecords(pod)...)
}

// summaryRecord returns a record about the pod as a whole, as the contract's table says.
func summaryRecord(pod object) object {
	rec := baseRecord("update", pod)
	phase := text(pod, "status", "phase")
	unscheduled := conditionOf(pod, "PodScheduled")
	switch {
	case phase == "Succeeded":
		rec["state"] = "terminated"
		if reason, message := text(pod, "status", "reason"), text(pod, "status", "message"); reason != "" || message != "" {
			rec["reason"], rec["info"] = reason, message
		}
	case hasFailed(pod):
		setFailure(rec, pod)
	case isDeleting(pod):
		setWorst(rec, pod)
		rec["level"] = "info"
		if rec["reason"] == "ImagePullBackOff" && !slices.ContainsFunc(containersOf(pod), hasStarted) {
			rec["level"] = "warning"
		}
	case unscheduled["status"] == "False":
		rec["state"], rec["level"] = "waiting", "warning"
		rec["reason"], rec["info"] = text(unscheduled, "reason"), text(unscheduled, "message")
	default:
		setWorst(rec, pod)
	}
	return rec
}

func hasStarted(c container) bool { return kindOf(at(c.status, "state")) != "waiting" }

func setFailure(rec, pod object) {
	rec["state"], rec["level"] = "error", "error"
	rec["reason"], rec["info"] = causeOf(pod)
	if rec["reason"] != "" || rec["info"] != "" {
		return
	}
	if isDeleting(pod) {
		rec["level"] = "info"
	}
	for _, status := range list(pod, "status", "containerStatuses") {
		if t := at(status, "state", "terminated"); t != nil && t["exitCode"] != 0.0 {
			rec["reason"], rec["info"] = text(t, "reason"), text(t, "message")
			return
		}
	}
}

// setWorst sets the state of the container that represents the pod.
func setWorst(rec, pod object) {
	all := containersOf(pod)
	for _, c := range all {
		unfinished := c.typ == "init" && at(c.status, "state", "terminated")["exitCode"] != 0.0
		if unfinished || c.typ == "sidecar" && kindOf(at(c.status, "state")) == "waiting" {
			setState(rec, pod, c, at(c.status, "state"))
			return
		}
	}
	setState(rec, pod, container{}, object{})
	order := []string{"error", "waiting", "failed", "running", "terminated"}
	best := len(order)
	for _, c := range all {
		candidate := object{"level": "info"}
		setState(candidate, pod, c, at(c.status, "state"))
		rank := slices.Index(order, text(candidate, "state"))
		if t := at(c.status, "state", "terminated"); t != nil &&
			(candidate["level"] == "error" || t["exitCode"] != 0.0 && !outlives(pod, c)) {
			rank = slices.Index(order, "failed")
		}
		if c.typ == "init" || c.typ == "ephemeral" || rank >= best {
			continue
		}
		best = rank
		for _, key := range []string{"state", "level", "reason", "info"} {
			delete(rec, key)
			if candidate[key] != nil {
				rec[key] = candidate[key]
			}
		}
	}
}
