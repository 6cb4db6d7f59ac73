//go:build node

package scenarios

import (
	"slices"
	"strings"
)

// podRecords returns the records of what changed in the pod as a whole.
// containersToo reports whether containers changed in the same event.
func podRecords(before, p pod, containersToo bool) (all []object) {
	explained := (p.reason() != "" || p.message() != "") &&
		(p.reason() != before.reason() || p.message() != before.message())
	deletion := p.deleting() && (!before.deleting() || gracePeriod(before) != gracePeriod(p))
	if explained || deletion || phaseChanged(before, p, containersToo) || p.node() != before.node() ||
		canonical(p.labels()) != canonical(before.labels()) {
		rec := summary(p)
		if deletion && !explained && p.lost() {
			rec["level"] = "info" // the failure has had a record of its own
		}
		all = append(all, rec)
	}
	return append(all, conditionRecords(before, p, containersToo)...)
}

// phaseChanged reports whether a new phase is news. Together with containers it is
// only if Kubernetes gives a cause for it, or if no container shows the failure.
func phaseChanged(before, p pod, containersToo bool) bool {
	if p.phase() == before.phase() {
		return false
	}
	reason, message := cause(p)
	return !containersToo || p.lost() && (reason != "" || message != "" || !p.shows())
}

// lost reports whether a pod failed or can't be reached.
func (p pod) lost() bool { return p.phase() == "Failed" || p.phase() == "Unknown" }

// shows reports whether a container of the pod ended with a failure.
func (p pod) shows() bool {
	return slices.ContainsFunc(p.containers(), func(c container) bool { return c.finished() && c.state().exit() != 0 })
}

func gracePeriod(p pod) int { return number(at(p.object, "metadata"), "deletionGracePeriodSeconds") }

// conditionRecords returns a record for each condition whose change is news.
func conditionRecords(before, p pod, containersToo bool) (all []object) {
	kinds := map[string]bool{}
	for _, c := range slices.Concat(list(before.object, "status", "conditions"), list(p.object, "status", "conditions")) {
		kinds[text(c, "type")] = true
	}
	sorted := make([]string, 0, len(kinds))
	for kind := range kinds {
		sorted = append(sorted, kind)
	}
	slices.Sort(sorted)
	readyChanged := conditionChanged(before, p, "Ready")
	for _, kind := range sorted {
		if conditionChanged(before, p, kind) && isNews(before, p, kind, containersToo, readyChanged) {
			all = append(all, conditionRecord(p, kind, p.condition(kind)))
		}
	}
	return all
}

func conditionChanged(before, p pod, kind string) bool {
	was, now := before.condition(kind), p.condition(kind)
	if text(was, "status") != text(now, "status") || text(was, "reason") != text(now, "reason") {
		return true
	}
	return kind == "PodScheduled" && text(now, "status") == "False" &&
		withoutDigits(text(was, "message")) != withoutDigits(text(now, "message"))
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// isNews reports whether the change of a condition makes a record.
func isNews(before, p pod, kind string, containersToo, readyChanged bool) bool {
	status := text(p.condition(kind), "status")
	lost := status == "False" && text(before.condition(kind), "status") == "True" && steady(p)
	switch kind {
	case "PodScheduled":
		return status == "False"
	case "Ready":
		return !containersToo && (p.condition(kind) == nil || before.condition(kind) != nil || status != "False")
	case "ContainersReady":
		return !containersToo && !readyChanged && lost
	case "Initialized", "PodReadyToStartContainers":
		return !containersToo && lost
	case "AllContainersRestarting":
		// It is False for as long as the pod lives, which is no news.
		return status == "True" || text(before.condition(kind), "status") == "True"
	}
	return true
}

// steady reports whether a pod runs and is meant to go on running.
func steady(p pod) bool { return p.phase() == "Running" && !p.deleting() }

func conditionRecord(p pod, kind string, condition object) object {
	rec := base(p, "update")
	s, _ := summaryOf(p)
	rec["state"] = s.kind
	setReason(rec, state{kind: s.kind, reason: text(condition, "reason"), message: text(condition, "message")})
	rec["condition"], rec["condition_status"], rec["level"] = kind, "removed", "info"
	if condition == nil {
		return rec
	}
	rec["condition_status"], rec["level"] = text(condition, "status"), conditionLevel(p, kind, condition)
	if t := text(condition, "lastTransitionTime"); t != "" {
		rec["occurred_at"] = t
	}
	return rec
}

func conditionLevel(p pod, kind string, condition object) string {
	status, reason := text(condition, "status"), text(condition, "reason")
	var warning bool
	switch kind {
	case "DisruptionTarget", "AllContainersRestarting":
		warning = status == "True"
	case "PodScheduled":
		warning = status == "False"
	case "PodResizePending":
		warning = reason == "Infeasible"
	case "PodResizeInProgress":
		warning = reason == "Error"
	case "Ready", "ContainersReady", "Initialized", "PodReadyToStartContainers":
		warning = status == "False" && steady(p)
	default:
		warning = status == "False" && steady(p) && gated(p, kind)
	}
	if warning {
		return "warning"
	}
	return "info"
}

// gated reports whether a condition is one of the pod's readiness gates.
func gated(p pod, kind string) bool {
	return named(list(p.object, "spec", "readinessGates"), "conditionType", kind) != nil
}
