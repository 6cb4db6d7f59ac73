package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// summaryRule is a row of the table of a pod's summary states.
type summaryRule struct {
	when, state, level string // for the documentation
	match              func(*corev1.Pod) bool
	summary            func(*corev1.Pod) summary
}

// summaryRules returns the table of a pod's summary states. The first row that matches
// holds.
func summaryRules() [6]summaryRule {
	return [...]summaryRule{
		{
			"its phase is Succeeded",
			"`terminated`", "info",
			func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodSucceeded },
			succeeded,
		},
		{
			"its phase is Failed or Unknown",
			"`error` with reason and message of the status, otherwise those of the condition `DisruptionTarget`, " +
				"otherwise those of the first regular container that failed",
			"error; info while it is being deleted, if neither the status nor `DisruptionTarget` gives a reason",
			func(p *corev1.Pod) bool { return failed(p.Status.Phase) },
			failure,
		},
		{
			"it is being deleted",
			"that of its containers",
			"info; warning as long as all containers wait because an image can't be pulled (`" + reasonImagePullBackOff + "`)",
			deleting,
			deletion,
		},
		{
			"it is not scheduled",
			"`waiting` with reason and message of the condition `PodScheduled`", "warning",
			func(p *corev1.Pod) bool { return unscheduled(p) != nil },
			func(p *corev1.Pod) summary { return waitingFor(unscheduled(p)) },
		},
		{
			"no container has a status",
			"`waiting`", "warning",
			func(p *corev1.Pod) bool { return containerCount(p) == 0 },
			func(*corev1.Pod) summary { return noContainers() },
		},
		{
			"otherwise",
			"that of the first init container that has not ended well, otherwise that of the container that is worst off: " +
				"in error, waiting, failed, running, ended well; ephemeral containers don't count", "as that container",
			func(*corev1.Pod) bool { return true },
			worst,
		},
	}
}

// podSummary returns the state of a pod as a whole.
func podSummary(pod *corev1.Pod) summary {
	for _, rule := range summaryRules() {
		if rule.match(pod) {
			return rule.summary(pod)
		}
	}
	return summary{}
}

func deleting(p *corev1.Pod) bool { return p.DeletionTimestamp != nil }

func failed(phase corev1.PodPhase) bool {
	return phase == corev1.PodFailed || phase == corev1.PodUnknown
}

func succeeded(p *corev1.Pod) summary {
	return summary{state: record.Terminated, reason: p.Status.Reason, info: p.Status.Message}
}

func failure(p *corev1.Pod) summary {
	s := summary{state: record.Error, level: record.LevelError}
	if c := snapshot.CauseOf(p); c.Known() {
		s.reason, s.info = c.Reason, c.Info
		return s
	}
	if deleting(p) {
		s.level = record.LevelInfo
	}
	for i := range p.Status.ContainerStatuses {
		if t := p.Status.ContainerStatuses[i].State.Terminated; t != nil && t.ExitCode != 0 {
			s.reason, s.info = t.Reason, t.Message
			break
		}
	}
	return s
}

// deletion returns the state of a pod that is being deleted. That is no trouble, but a
// pod that is deleted because its image can't be pulled remains one.
func deletion(p *corev1.Pod) summary {
	s := noContainers()
	if containerCount(p) > 0 {
		s = worst(p)
	}
	s.level = record.LevelInfo
	if s.reason == reasonImagePullBackOff && allWait(p) {
		s.level = record.LevelWarning
	}
	return s
}

func allWait(p *corev1.Pod) bool {
	var room [enough]podContainer
	for _, c := range containersOf(room[:0], p) {
		if snapshot.KindOf(c.status.State) != snapshot.Waiting {
			return false
		}
	}
	return true
}

func noContainers() summary { return summary{state: record.Waiting, level: record.LevelWarning} }

func waitingFor(c *corev1.PodCondition) summary {
	return summary{state: record.Waiting, level: record.LevelWarning, reason: c.Reason, info: c.Message}
}

// unscheduled returns the condition with the reason why the pod has no node, or nil.
func unscheduled(p *corev1.Pod) *corev1.PodCondition {
	c := snapshot.FindCondition(p.Status.Conditions, string(corev1.PodScheduled), 0)
	if c == nil || c.Status != corev1.ConditionFalse {
		return nil
	}
	return c
}
