package status

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// summary is the state of a container or pod as a record contains it.
type summary struct {
	state        record.State
	level        record.Level
	reason, info string
	failed       bool // terminated with an exit code other than 0
}

// update returns an update record with this state.
func (s summary) update() record.Record {
	return record.Record{Action: record.Update, State: s.state, Level: s.level, Reason: s.reason, Info: s.info}
}

// containerSummary is the table of a container's states and levels.
func containerSummary(s corev1.ContainerState, deleting bool) summary {
	switch {
	case s.Terminated != nil:
		sum := summary{state: record.Terminated, reason: s.Terminated.Reason, info: s.Terminated.Message}
		sum.failed = s.Terminated.ExitCode != 0
		if sum.failed && !deleting {
			sum.level = record.LevelError
		}
		return sum
	case s.Running != nil:
		return summary{state: record.Running}
	case s.Waiting == nil:
		return summary{state: record.Waiting, level: record.LevelWarning}
	case isError(s.Waiting.Reason):
		return summary{state: record.Error, level: record.LevelError, reason: s.Waiting.Reason, info: s.Waiting.Message}
	}
	return summary{state: record.Waiting, level: record.LevelWarning, reason: s.Waiting.Reason, info: s.Waiting.Message}
}

// isError reports whether the reason for which a container waits is an error. The
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
