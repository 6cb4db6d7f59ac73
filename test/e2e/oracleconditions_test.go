package e2e

import (
	"slices"
	"strings"
)

// conditionRecords returns the records of the conditions that changed: known types in the
// order of the contract, others in that of the pod.
func conditionRecords(before, pod object, besideContainers bool) (records []object) {
	readyToo := conditionChanged(before, pod, "Ready")
	for _, typ := range conditionTypes(before, pod) {
		was, now := conditionOf(before, typ), conditionOf(pod, typ)
		if !conditionChanged(before, pod, typ) {
			continue
		}
		running := text(pod, "status", "phase") == "Running" && !isDeleting(pod)
		level := "info"
		lost := now["status"] == "False" && was["status"] != "False" && running
		switch typ {
		case "DisruptionTarget", "AllContainersRestarting":
			if now["status"] == "True" {
				level = "warning"
			} else if was["status"] != "True" {
				continue
			}
		case "PodScheduled":
			if now["status"] != "False" {
				continue
			}
			level = "warning"
		case "PodResizePending", "PodResizeInProgress":
			if now["status"] == "True" && (now["reason"] == "Infeasible" || now["reason"] == "Error") {
				level = "warning"
			}
		case "Ready":
			if besideContainers {
				continue
			}
			if now != nil && now["status"] != "True" && running {
				level = "warning"
			}
		case "ContainersReady", "Initialized", "PodReadyToStartContainers":
			if besideContainers || !lost || typ == "ContainersReady" && readyToo {
				continue
			}
			level = "warning"
		default:
			if lost && isGate(pod, typ) {
				level = "warning"
			}
		}
		records = append(records, conditionRecord(pod, typ, now, level))
	}
	return records
}

// firstConditionRecords returns the records of the conditions at first sight.
func firstConditionRecords(pod object) (records []object) {
	for _, rec := range conditionRecords(object{}, pod, false) {
		typ, status := text(rec, "condition"), rec["condition_status"]
		switch typ {
		case "ContainersReady", "Initialized", "PodReadyToStartContainers":
			continue
		case "Ready":
			if status == "True" || !allReady(pod) {
				continue
			}
		case "PodResizePending", "PodResizeInProgress":
			if status != "True" || text(rec, "reason") == "" {
				continue
			}
		case "DisruptionTarget", "PodScheduled", "AllContainersRestarting":
		default:
			if status == "True" {
				continue
			}
		}
		records = append(records, rec)
	}
	return records
}

func allReady(pod object) bool {
	n := 0
	for _, c := range containersOf(pod) {
		if c.typ == "init" || c.typ == "ephemeral" {
			continue
		}
		if c.status["ready"] != true {
			return false
		}
		n++
	}
	return n > 0
}

func conditionRecord(pod object, typ string, now object, level string) object {
	rec := summaryRecord(pod)
	delete(rec, "reason")
	delete(rec, "info")
	rec["level"], rec["condition"], rec["condition_status"] = level, typ, "removed"
	if now != nil {
		rec["condition_status"] = now["status"]
	}
	reason, message := text(now, "reason"), text(now, "message")
	if reason != "" || message != "" || rec["state"] == "waiting" || rec["state"] == "error" {
		rec["reason"], rec["info"] = reason, message
	}
	return rec
}

// conditionTypes returns the types in the order of their records.
func conditionTypes(before, pod object) (types []string) {
	var others []string
	for _, p := range []object{pod, before} {
		for _, c := range list(p, "status", "conditions") {
			if typ := text(c, "type"); !slices.Contains(others, typ) {
				others = append(others, typ)
			}
		}
	}
	order := [][]string{
		{"DisruptionTarget"},
		{"PodScheduled"},
		{"PodResizePending", "PodResizeInProgress"},
		{"AllContainersRestarting"},
		nil,
		{"Ready"},
		{"ContainersReady"},
		{"Initialized", "PodReadyToStartContainers"},
	}
	known := slices.Concat(order...)
	for _, row := range order {
		for _, typ := range others {
			if slices.Contains(row, typ) || row == nil && !slices.Contains(known, typ) {
				types = append(types, typ)
			}
		}
	}
	return types
}

func conditionChanged(before, pod object, typ string) bool {
	return conditionFacts(conditionOf(before, typ)) != conditionFacts(conditionOf(pod, typ))
}

func conditionFacts(c object) string {
	facts := []any{c["status"], text(c, "reason")}
	if c["type"] == "PodScheduled" && c["status"] == "False" {
		facts = append(facts, strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return -1
			}
			return r
		}, text(c, "message")))
	}
	return canonical(facts)
}

func isGate(pod object, typ string) bool {
	return slices.ContainsFunc(list(pod, "spec", "readinessGates"),
		func(g object) bool { return g["conditionType"] == typ })
}
