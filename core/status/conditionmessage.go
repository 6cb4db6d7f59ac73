package status

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The functions here return the predicates of records about conditions.

func disruptionMessage(c *conditionChange) string {
	switch {
	case !c.is(corev1.ConditionTrue) && byDeletion(c.before.Reason):
		return " is no longer about to be deleted"
	case !c.is(corev1.ConditionTrue):
		return " is no longer being evicted"
	case byDeletion(c.now.Reason):
		return because(" is about to be deleted", c.now.Reason)
	case failed(c.event.pod.Status.Phase):
		return because(" was disrupted", c.now.Reason)
	}
	return because(" is being evicted", c.now.Reason)
}

// byDeletion reports whether a disruption for this reason deletes the pod without an
// eviction: DeletionByTaintManager, DeletionByPodGC.
func byDeletion(reason string) bool { return strings.HasPrefix(reason, "Deletion") }

func schedulingMessage(c *conditionChange) string { return because(" is not scheduled", c.now.Reason) }

func resizeMessage(c *conditionChange) string {
	pending := c.typ == corev1.PodResizePending
	switch reason := c.reason(); {
	case !c.is(corev1.ConditionTrue) && pending:
		return " is no longer waiting to be resized"
	case !c.is(corev1.ConditionTrue):
		return " is no longer being resized"
	case reason == corev1.PodReasonInfeasible:
		return because(" can't be resized", reason)
	case reason == corev1.PodReasonError:
		return because(" could not be resized", reason)
	case pending:
		return because(" is waiting to be resized", reason)
	}
	return because(" is being resized", c.reason())
}

func restartingMessage(c *conditionChange) string {
	if c.is(corev1.ConditionTrue) {
		return because(" is restarting all its containers in place", c.now.Reason)
	}
	return because(" is no longer restarting all its containers", c.reason())
}

func customMessage(c *conditionChange) string {
	if c.now == nil {
		return " no longer has condition " + string(c.typ)
	}
	switch {
	case !c.gate():
		return because(" has condition "+string(c.typ)+"="+string(c.now.Status), c.now.Reason)
	case c.is(corev1.ConditionTrue):
		return because(" passes readiness gate "+string(c.typ), c.now.Reason)
	case c.is(corev1.ConditionFalse):
		return because(" fails readiness gate "+string(c.typ), c.now.Reason)
	}
	return because(" has readiness gate "+string(c.typ)+"="+string(c.now.Status), c.now.Reason)
}

func readyMessage(c *conditionChange) string {
	switch {
	case c.now == nil:
		return " no longer has condition Ready"
	case c.is(corev1.ConditionTrue):
		return because(" is ready", c.now.Reason)
	case c.now.Reason == "" && c.event.running() && containersReady(c.event.pod):
		// The node controller does this when a node no longer reports, and gives no reason.
		return " is not ready although its containers are; its node may be down"
	case c.is(corev1.ConditionFalse):
		return because(" is not ready", c.now.Reason)
	}
	return because(" has condition Ready="+string(c.now.Status), c.now.Reason)
}

func lostMessage(c *conditionChange) string {
	switch c.typ {
	case corev1.ContainersReady:
		return because(" has containers that are not ready", c.now.Reason)
	case corev1.PodInitialized:
		return because(" is no longer initialized", c.now.Reason)
	}
	return because(" lost its sandbox", c.now.Reason)
}
