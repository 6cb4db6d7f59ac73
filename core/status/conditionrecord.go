package status

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// conditionChanges returns the conditions that changed since the state before, in the
// order of the table. At first sight, all conditions count as new.
func conditionChanges(before conditions, event *conditionEvent, now []corev1.PodCondition) []conditionChange {
	var changes []conditionChange
	for i := range now {
		c := &now[i]
		was := before.get(string(c.Type))
		if was == (condition{}) || !sameCondition(&was, c) {
			changes = append(changes, conditionChange{c.Type, was, c, event})
		}
	}
	var room [16]condition
	for _, was := range before.list(room[:0]) {
		if findCondition(now, was.typ, 0) == nil {
			changes = append(changes, conditionChange{corev1.PodConditionType(was.typ), was, nil, event})
		}
	}
	return changes
}

// conditions adds the records of changed conditions.
func (b *builder) conditions(before conditions, event *conditionEvent) {
	changes := conditionChanges(before, event, podConditions(event.pod))
	event.ready = slices.ContainsFunc(changes, func(c conditionChange) bool { return c.typ == corev1.PodReady })
	rules := conditionRules()
	for at := range rules {
		for i := range changes {
			c := &changes[i]
			if ruleOf(&rules, c.typ) == at && rules[at].emits(c) {
				b.add(conditionRecord(&rules[at], c))
			}
		}
	}
}

func conditionRecord(rule *conditionRule, c *conditionChange) record.Record {
	rec := podSummary(c.event.pod).update()
	rec.Level = rule.level(c)
	rec.Condition = &record.Condition{Type: string(c.typ), Status: record.ConditionRemoved}
	rec.Reason, rec.Info = "", ""
	if c.now != nil {
		rec.Condition.Status = string(c.now.Status)
		rec.Reason, rec.Info = c.now.Reason, c.now.Message
		rec.OccurredAt = c.now.LastTransitionTime.Time
	}
	rec.Message = rule.message(c) + details(rec.Info)
	return rec
}

// podConditions returns the conditions of the pod. Kubernetes before 1.33 has a field
// for a resize; it counts as the condition that later versions have.
func podConditions(pod *corev1.Pod) []corev1.PodCondition {
	list := pod.Status.Conditions
	typ := corev1.PodResizePending
	switch pod.Status.Resize {
	case corev1.PodResizeStatusInProgress:
		typ = corev1.PodResizeInProgress
	case corev1.PodResizeStatusDeferred, corev1.PodResizeStatusInfeasible:
	default:
		return list
	}
	if findCondition(list, string(typ), 0) != nil {
		return list
	}
	c := corev1.PodCondition{Type: typ, Status: corev1.ConditionTrue}
	if typ == corev1.PodResizePending {
		c.Reason = string(pod.Status.Resize)
	}
	return append(slices.Clip(list), c)
}
