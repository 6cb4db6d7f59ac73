package status

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// conditionChanges returns the conditions that changed since the state before, in the
// order of the table. At first sight, all conditions count as new.
func conditionChanges(before snapshot.Conditions, event *conditionEvent, now []corev1.PodCondition) []conditionChange {
	var changes []conditionChange
	for i := range now {
		c := &now[i]
		was := before.Get(string(c.Type))
		if was == (snapshot.Condition{}) || !was.Same(c) {
			changes = append(changes, conditionChange{c.Type, was, c, event})
		}
	}
	var room [16]snapshot.Condition
	for _, was := range before.List(room[:0]) {
		if snapshot.FindCondition(now, was.Type, 0) == nil {
			changes = append(changes, conditionChange{corev1.PodConditionType(was.Type), was, nil, event})
		}
	}
	return changes
}

// conditions adds the records of changed conditions.
func (b *builder) conditions(before snapshot.Conditions, event *conditionEvent) {
	changes := conditionChanges(before, event, snapshot.ConditionsIn(event.pod))
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
	rec.Message = rule.message(c) + record.Details(rec.Info)
	return rec
}
