package status

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// headline is the state of a container or pod as a record tells it.
type headline struct {
	state        record.State
	level        record.Level
	reason, info string
	failed       bool // terminated with an exit code other than 0
}

// update returns a record with this state.
func (h headline) update() record.Record {
	return record.Record{Action: record.Update, State: h.state, Level: h.level, Reason: h.reason, Info: h.info}
}

// headlineOf is the table of states and levels of a container.
func headlineOf(s corev1.ContainerState, deleting bool) headline {
	switch {
	case s.Terminated != nil:
		h := headline{state: record.Terminated, reason: s.Terminated.Reason, info: s.Terminated.Message}
		h.failed = s.Terminated.ExitCode != 0
		if h.failed && !deleting {
			h.level = record.LevelError
		}
		return h
	case s.Running != nil:
		return headline{state: record.Running}
	case s.Waiting == nil:
		return headline{state: record.Waiting, level: record.LevelWarning}
	case isError(s.Waiting.Reason):
		return headline{state: record.Error, level: record.LevelError, reason: s.Waiting.Reason, info: s.Waiting.Message}
	}
	return headline{state: record.Waiting, level: record.LevelWarning, reason: s.Waiting.Reason, info: s.Waiting.Message}
}

// isError tells the reasons for which a container waits that are errors. The
// names are those of the kubelet and of its image manager:
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/container/sync_result.go
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/images/types.go
func isError(reason string) bool {
	switch reason {
	case "ConfigPodSandboxError", "CreateContainerConfigError", "CreateContainerError", "CreatePodSandboxError",
		"ImageInspectError", "InvalidImageName", "KillContainerError", "KillPodSandboxError",
		"PostStartHookError", "PreStartHookError", "RegistryUnavailable", "RunContainerError",
		"RunInitContainerError", "SetupNetworkError", "SignatureValidationFailed", "StartError",
		"TeardownNetworkError":
		return true
	}
	return strings.HasPrefix(reason, "Err")
}

// podHeadline is the state of a pod as a whole.
func podHeadline(pod *corev1.Pod) headline {
	s := &pod.Status
	if (s.Phase == corev1.PodFailed || s.Phase == corev1.PodUnknown) && s.Reason != "" {
		return headline{state: record.Error, level: record.LevelError, reason: s.Reason, info: s.Message}
	}
	if c := unscheduled(s.Conditions); c != nil {
		return headline{state: record.Waiting, level: record.LevelWarning, reason: c.Reason, info: c.Message}
	}
	if containerCount(pod) == 0 {
		return headline{state: record.Waiting, level: record.LevelWarning}
	}
	return worst(pod)
}

// unscheduled returns the condition that tells why the pod has no node.
func unscheduled(conditions []corev1.PodCondition) *corev1.PodCondition {
	for i := range conditions {
		c := &conditions[i]
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason != "" {
			return c
		}
	}
	return nil
}

// worst picks the container that stands for the pod: the first unfinished init
// container, else the first of those that are worst off. Ephemeral containers
// are visitors and stand for nothing, unless nobody else is there.
func worst(pod *corev1.Pod) headline {
	deleting := pod.DeletionTimestamp != nil
	var found headline
	rank := -1
	var of [enough]containerOf
	for _, c := range containersOf(of[:0], pod) {
		h := headlineOf(c.status.State, deleting)
		if unfinished(c) {
			return h
		}
		if c.typ == record.Init || c.typ == record.Ephemeral && rank >= 0 {
			continue
		}
		if r := rankOf(h); r > rank {
			found, rank = h, r
		}
	}
	if rank < 0 { // only init containers have a status, and all have finished
		return headline{state: record.Waiting, level: record.LevelWarning}
	}
	return found
}

// unfinished tells an init container that holds up the ones after it. A sidecar
// does so only until it runs.
func unfinished(c containerOf) bool {
	switch c.typ {
	case record.Init:
		t := c.status.State.Terminated
		return t == nil || t.ExitCode != 0
	case record.Sidecar:
		return kindOf(c.status.State) == waiting
	}
	return false
}

// rankOf orders states by how bad they are.
func rankOf(h headline) int {
	switch {
	case h.state == record.Error:
		return 4
	case h.state == record.Waiting:
		return 3
	case h.failed:
		return 2
	case h.state == record.Running:
		return 1
	}
	return 0
}
