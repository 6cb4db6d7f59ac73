package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// containerFacts are the facts that decide on the state and level of a container.
type containerFacts struct {
	state         corev1.ContainerState
	deleting      bool // the pod is being deleted
	lostReadiness bool // the container was ready and is not
	badDevice     bool // a device of the container is unhealthy
	outlived      bool // a sidecar whose regular containers have all ended
}

// containerRule is a row of the table of a container's states and levels.
type containerRule struct {
	when  string // for the documentation
	match func(containerFacts) bool
	state record.State
	level record.Level
}

// containerRules returns the table of a container's states and levels. The first row
// that matches holds.
func containerRules() [11]containerRule {
	return [...]containerRule{
		{
			"running, lost its readiness, and its pod is not being deleted",
			func(f containerFacts) bool { return f.state.Running != nil && f.lostReadiness && !f.deleting },
			record.Running, record.LevelWarning,
		},
		{
			"running with an unhealthy device, and its pod is not being deleted",
			func(f containerFacts) bool { return f.state.Running != nil && f.badDevice && !f.deleting },
			record.Running, record.LevelWarning,
		},
		{
			"running otherwise",
			func(f containerFacts) bool { return f.state.Running != nil },
			record.Running, record.LevelInfo,
		},
		{
			"terminated with exit code 0, with the reason OOMKilled",
			func(f containerFacts) bool {
				return f.ended() && f.state.Terminated.Reason == reasonOOMKilled && !f.failed()
			},
			record.Terminated, record.LevelError,
		},
		{
			"terminated with exit code 0 otherwise",
			func(f containerFacts) bool { return f.ended() && !f.failed() },
			record.Terminated, record.LevelInfo,
		},
		{
			"terminated otherwise, while its pod is being deleted, or as a sidecar whose regular containers have all ended",
			func(f containerFacts) bool { return f.ended() && (f.deleting || f.outlived) },
			record.Terminated, record.LevelInfo,
		},
		{
			"removed by the kubelet to restart all containers in place (`RestartingAllContainers`)",
			func(f containerFacts) bool {
				return f.ended() && f.state.Terminated.Reason == reasonRestartingAll && invented(f.state.Terminated)
			},
			record.Terminated, record.LevelWarning,
		},
		{
			"terminated otherwise", containerFacts.ended, record.Terminated, record.LevelError,
		},
		{
			"waiting without a reason, or for one of " + normalReasons + ", while its pod is being deleted",
			func(f containerFacts) bool { return f.waitsNormally() && f.deleting },
			record.Waiting, record.LevelInfo,
		},
		{
			"waiting without a reason, or for one of these reasons, otherwise",
			containerFacts.waitsNormally,
			record.Waiting, record.LevelWarning,
		},
		{
			"waiting for any other reason, such as `ErrImagePull` or `CreateContainerConfigError`",
			func(containerFacts) bool { return true },
			record.Error, record.LevelError,
		},
	}
}

const reasonOOMKilled = "OOMKilled"

// The reasons for which a container waits that are no error. The list is closed: a
// reason that a new kubelet invents is an error until it is known.
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/kubelet_pods.go
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/container/sync_result.go
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/images/types.go
const (
	reasonContainerCreating = "ContainerCreating"
	reasonPodInitializing   = "PodInitializing"
	reasonCrashLoopBackOff  = "CrashLoopBackOff"
	reasonImagePullBackOff  = "ImagePullBackOff"

	normalReasons = "`" + reasonContainerCreating + "`, `" + reasonPodInitializing + "`, `" + reasonCrashLoopBackOff +
		"`, `" + reasonImagePullBackOff + "`, `" + reasonRestartingAll + "`"
)

func isNormal(reason string) bool {
	switch reason {
	case "", reasonContainerCreating, reasonPodInitializing, reasonCrashLoopBackOff, reasonImagePullBackOff,
		reasonRestartingAll:
		return true
	}
	return false
}

func (f containerFacts) ended() bool { return f.state.Terminated != nil }

func (f containerFacts) failed() bool { return f.state.Terminated.ExitCode != 0 }

func (f containerFacts) waitsNormally() bool {
	return f.state.Waiting == nil || isNormal(f.state.Waiting.Reason)
}

// summary is the state of a container or pod as a record contains it.
type summary struct {
	state        record.State
	level        record.Level
	reason, info string
	failed       bool // terminated, and that is a failure
}

// update returns an update record with this state.
func (s summary) update() record.Record {
	return record.Record{Action: record.Update, State: s.state, Level: s.level, Reason: s.reason, Info: s.info}
}

// summary returns the state of a container.
func (f containerFacts) summary() summary {
	s := summary{}
	rules := containerRules()
	for i := range rules { // not by value, as this runs for each record
		if rules[i].match(f) {
			s.state, s.level = rules[i].state, rules[i].level
			break
		}
	}
	switch {
	case f.ended():
		s.reason, s.info = f.state.Terminated.Reason, f.state.Terminated.Message
		s.failed = s.level == record.LevelError || f.failed() && !f.outlived
	case f.state.Running == nil && f.state.Waiting != nil:
		s.reason, s.info = f.state.Waiting.Reason, f.state.Waiting.Message
	}
	return s
}
