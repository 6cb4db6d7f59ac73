package status

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
)

// conditionChange is a condition that changed, appeared or was removed.
type conditionChange struct {
	typ    corev1.PodConditionType
	before snapshot.Condition   // zero if the pod did not have it
	now    *corev1.PodCondition // nil if the condition was removed
	event  *conditionEvent
}

// conditionEvent are the facts about an event that decide on records of conditions.
type conditionEvent struct {
	pod        *corev1.Pod
	first      bool // nothing was known of the pod
	containers bool // containers have records
	ready      bool // Ready changed
}

// is reports whether the condition has this status now.
func (c *conditionChange) is(s corev1.ConditionStatus) bool { return c.now != nil && c.now.Status == s }

// turned reports whether the condition has this status now and had another before.
func (c *conditionChange) turned(s corev1.ConditionStatus) bool {
	return c.is(s) && c.before.Status != string(s)
}

// reason returns the reason of the condition.
func (c *conditionChange) reason() string {
	if c.now == nil {
		return ""
	}
	return c.now.Reason
}

// was reports whether the condition had this status.
func (c *conditionChange) was(s corev1.ConditionStatus) bool { return c.before.Status == string(s) }

// running reports whether the pod runs and is not being deleted, so that a lost
// condition is trouble.
func (e *conditionEvent) running() bool {
	return e.pod.Status.Phase == corev1.PodRunning && !deleting(e.pod)
}

// gate reports whether the condition is a readiness gate of the pod.
func (c *conditionChange) gate() bool {
	return slices.ContainsFunc(c.event.pod.Spec.ReadinessGates, func(g corev1.PodReadinessGate) bool {
		return g.ConditionType == c.typ
	})
}

// conditionRule is a row of the table of conditions.
type conditionRule struct {
	types                  []corev1.PodConditionType // none: all that have no row of their own
	name, beside, leveling string                    // for the documentation
	emits                  func(*conditionChange) bool
	level                  func(*conditionChange) record.Level
	message                func(*conditionChange) string
}

// conditionRules returns the table of conditions, in the order of their records.
func conditionRules() [8]conditionRule {
	return [...]conditionRule{
		{
			types: []corev1.PodConditionType{corev1.DisruptionTarget},
			name: "`DisruptionTarget`: `PreemptionByScheduler`, `EvictionByEvictionAPI`, `DeletionByTaintManager`, " +
				"`DeletionByPodGC`, `TerminationByKubelet`",
			beside: "yes", leveling: "warning; info when it is withdrawn",
			emits: abnormalWhenTrue, level: warnWhenTrue, message: disruptionMessage,
		},
		{
			types: []corev1.PodConditionType{corev1.PodScheduled},
			name: "`PodScheduled` is False. Its message counts too, without digits: " +
				"`4 Insufficient cpu` after `3 Insufficient cpu` is no change, a new taint is",
			beside: "yes", leveling: "warning",
			emits:   func(c *conditionChange) bool { return c.is(corev1.ConditionFalse) },
			level:   func(*conditionChange) record.Level { return record.LevelWarning },
			message: schedulingMessage,
		},
		{
			types: []corev1.PodConditionType{corev1.PodResizePending, corev1.PodResizeInProgress},
			name: "`PodResizePending`, `PodResizeInProgress`. " +
				"The field `status.resize` of Kubernetes before 1.33 counts as one of them",
			beside: "yes", leveling: "info; warning for the reasons `Infeasible` and `Error`",
			emits: resizeEmits, level: resizeLevel, message: resizeMessage,
		},
		{
			types: []corev1.PodConditionType{corev1.AllContainersRestarting},
			name:  "`AllContainersRestarting`", beside: "yes", leveling: "warning; info when it has ended",
			emits: abnormalWhenTrue, level: warnWhenTrue, message: restartingMessage,
		},
		{
			name:     "readiness gates and other types that Kubernetes does not define",
			beside:   "yes",
			leveling: "info; warning when a readiness gate turns False on a running pod that is not being deleted",
			emits:    customEmits, level: customLevel, message: customMessage,
		},
		{
			types: []corev1.PodConditionType{corev1.PodReady},
			name:  "`Ready`", beside: "no: the container's record shows it",
			leveling: "info; warning when it is not True on a running pod that is not being deleted",
			emits:    readyEmits, level: readyLevel, message: readyMessage,
		},
		{
			types:  []corev1.PodConditionType{corev1.ContainersReady},
			name:   "`ContainersReady` turns False on a running pod that is not being deleted, and `Ready` does not change",
			beside: "no", leveling: "warning",
			emits:   func(c *conditionChange) bool { return lostWhileRunning(c) && !c.event.ready },
			level:   func(*conditionChange) record.Level { return record.LevelWarning },
			message: lostMessage,
		},
		{
			types:  []corev1.PodConditionType{corev1.PodInitialized, corev1.PodReadyToStartContainers, podHasNetwork},
			name:   "`Initialized` or `PodReadyToStartContainers` turns False on a running pod that is not being deleted",
			beside: "no", leveling: "warning",
			emits: lostWhileRunning, level: func(*conditionChange) record.Level { return record.LevelWarning },
			message: lostMessage,
		},
	}
}

// podHasNetwork is the name of PodReadyToStartContainers before Kubernetes 1.28.
const podHasNetwork corev1.PodConditionType = "PodHasNetwork"

// custom is the place in the table of the row without types.
const custom = 4

// ruleOf returns the place in the table of the row for a condition.
func ruleOf(rules *[8]conditionRule, typ corev1.PodConditionType) int {
	for i := range rules {
		if slices.Contains(rules[i].types, typ) {
			return i
		}
	}
	return custom
}

// abnormalWhenTrue is the rule of conditions that are False or absent normally.
func abnormalWhenTrue(c *conditionChange) bool {
	return c.is(corev1.ConditionTrue) || c.was(corev1.ConditionTrue)
}

func warnWhenTrue(c *conditionChange) record.Level {
	if c.is(corev1.ConditionTrue) {
		return record.LevelWarning
	}
	return record.LevelInfo
}

// resizeEmits leaves out a resize in progress at first sight.
func resizeEmits(c *conditionChange) bool {
	return !c.event.first || c.is(corev1.ConditionTrue) && c.reason() != ""
}

func resizeLevel(c *conditionChange) record.Level {
	if c.is(corev1.ConditionTrue) && (c.reason() == corev1.PodReasonInfeasible || c.reason() == corev1.PodReasonError) {
		return record.LevelWarning
	}
	return record.LevelInfo
}

func customEmits(c *conditionChange) bool { return !c.event.first || !c.is(corev1.ConditionTrue) }

func customLevel(c *conditionChange) record.Level {
	if c.turned(corev1.ConditionFalse) && c.gate() && c.event.running() {
		return record.LevelWarning
	}
	return record.LevelInfo
}

// readyEmits reports whether Ready changed on its own, and at first sight whether the
// pod is not ready although its containers are.
func readyEmits(c *conditionChange) bool {
	if c.event.first {
		return !c.is(corev1.ConditionTrue) && containersReady(c.event.pod)
	}
	return !c.event.containers
}

func readyLevel(c *conditionChange) record.Level {
	if c.now != nil && !c.is(corev1.ConditionTrue) && c.event.running() {
		return record.LevelWarning
	}
	return record.LevelInfo
}

func lostWhileRunning(c *conditionChange) bool {
	return !c.event.first && !c.event.containers && c.turned(corev1.ConditionFalse) && c.event.running()
}

// containersReady reports whether all containers of the pod are ready.
func containersReady(pod *corev1.Pod) bool {
	var room [enough]podContainer
	n := 0
	for _, c := range containersOf(room[:0], pod) {
		if !hasReadiness(c.typ) {
			continue
		}
		if !c.status.Ready {
			return false
		}
		n++
	}
	return n > 0
}
