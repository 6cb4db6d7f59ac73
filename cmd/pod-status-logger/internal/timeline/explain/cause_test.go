package explain

import (
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// fact returns a record: its reason, and changes.
func fact(reason string, change ...func(*timeline.Fact)) *timeline.Fact {
	f := &timeline.Fact{Detail: &timeline.Detail{Action: "update", Level: "error", Reason: reason, Phase: "Running"}}
	for _, c := range change {
		c(f)
	}
	return f
}

func with(set func(d *timeline.Detail)) func(*timeline.Fact) {
	return func(f *timeline.Fact) { set(f.Detail) }
}

func stuck(info string) func(*timeline.Fact) {
	return with(func(d *timeline.Detail) { d.Container, d.State, d.Info = "c", "error", info })
}

func exit(code int32) func(*timeline.Fact) {
	return func(f *timeline.Fact) {
		f.Container, f.State, f.ExitCode, f.HasExitCode = "c", "terminated", code, true
	}
}

func condition(name string) func(*timeline.Fact) {
	return with(func(d *timeline.Detail) { d.Condition, d.ConditionStatus = name, "False" })
}

func failedPod(f *timeline.Fact) { f.Phase, f.State = "Failed", "error" }

func anEvent(info string) func(*timeline.Fact) {
	return with(func(d *timeline.Detail) { d.Action, d.Info = "event", info })
}

// TestCauses: each row of the table matches a record, which no row before it matches.
func TestCauses(t *testing.T) {
	cases := []struct {
		fact *timeline.Fact
		says string
	}{
		{fact("PreemptionByScheduler"), "was preempted"},
		{fact("EvictionByEvictionAPI"), "was evicted through the API"},
		{fact("DeletionByTaintManager"), "taint"},
		{fact("DeletionByPodGC"), "garbage collector"},
		{fact("Evicted", failedPod), "evicted by the kubelet"},
		{fact("DeadlineExceeded", failedPod), "activeDeadlineSeconds"},
		{fact("Terminated", failedPod), "its node shut down"},
		{fact("OutOfcpu", failedPod), "refused by the kubelet of its node: OutOfcpu"},
		{fact("", with(func(d *timeline.Detail) { d.Phase = "Unknown" })), "does not report"},
		{fact("SchedulingGated", condition("PodScheduled")), "scheduling gates"},
		{fact("Unschedulable", condition("PodScheduled")), "was not scheduled"},
		{fact("Infeasible", condition("PodResizePending")), "can't be resized: Infeasible"},
		{fact("RestartAllContainersStarted", condition("AllContainersRestarting")), "restarts all its containers"},
		{fact("PodSandboxNotReady", condition("PodReadyToStartContainers")), "lost its sandbox"},
		{fact("", condition("Ready")), "its node may be down"},
		{
			fact("", with(func(d *timeline.Detail) { d.Container, d.State, d.Level = "c", "running", "warning" })),
			"its readiness probe fails",
		},
		{fact("ReadinessGatesNotReady", condition("Ready")), "is not ready: ReadinessGatesNotReady"},
		{fact("Target.Timeout", condition("lb/web")), "fails readiness gate lb/web"},
		{fact("InvalidImageName", stuck(""), with(func(d *timeline.Detail) { d.Image = "A:::1" })), "A:::1 is not the name"},
		{fact("ErrImageNeverPull", stuck("")), "forbids to pull it"},
		{fact("ErrImagePull", stuck("pull access denied for x")), "denies access"},
		{fact("ErrImagePull", stuck("x: not found")), "does not exist"},
		{fact("ErrImagePull", stuck("i/o timeout")), "can't be pulled"},
		{fact("CreateContainerConfigError", stuck(`configmap "x" not found`)), "refers to something that is missing"},
		{fact("PreCreateHookError", stuck("")), "a hook"},
		{fact("RunContainerError", stuck("")), "the runtime can't create or start it"},
		{fact("SomethingNew", stuck("")), "can't start: SomethingNew"},
		{fact("Unhealthy", with(func(d *timeline.Detail) { d.Container, d.Device = "c", "gpu-1" })), "gpu-1"},
		{fact("OOMKilled", exit(0)), "ran out of memory"},
		{fact("ContainerStatusUnknown", exit(137)), "was lost"},
		{fact("RestartingAllContainers", stuck("x"), with(func(d *timeline.Detail) { d.State = "waiting" })), "was removed"},
		{fact("Error", exit(127)), "a command was not found"},
		{fact("Error", exit(137)), "was killed (exit code 137)"},
		{fact("Error", exit(143)), "SIGTERM"},
		{fact("Error", exit(139)), "native code (exit code 139)"},
		{fact("Error", exit(3)), "ended with an error (exit code 3)"},
		{fact("CrashLoopBackOff", stuck(""), with(func(d *timeline.Detail) { d.State = "waiting" })), "again and again"},
		{fact("", failedPod), "has no reason"},
		{fact("Unhealthy", anEvent("Liveness probe failed: HTTP 500")), "fails its liveness probe"},
		{fact("Unhealthy", anEvent("Startup probe failed")), "fails its startup probe"},
		{fact("Unhealthy", anEvent("Readiness probe failed")), "fails its readiness probe"},
		{fact("FailedMount", anEvent("MountVolume.SetUp failed")), "a volume can't be mounted"},
		{fact("FailedCreatePodSandBox", anEvent("plugin type=x failed")), "network can't be set up"},
	}
	causes := Causes()
	seen := map[string]bool{}
	for _, c := range cases {
		cause := find(causes, c.fact)
		if cause == nil {
			t.Errorf("%s %+v has no cause", c.fact.Reason, *c.fact.Detail)
			continue
		}
		seen[cause.Rule] = true
		if got := cause.sentence(c.fact); !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", c.fact.Reason, got, c.says)
		}
	}
	for _, c := range causes {
		if !seen[c.Rule] {
			t.Errorf("no case has the cause %q", c.Rule)
		}
		if c.Help == "" || c.Page == "" || c.weight == 0 || strings.HasPrefix(c.Page, "/") {
			t.Errorf("the cause %q lacks help, a page or a weight", c.Rule)
		}
	}
}

// TestNoCause: records of a healthy life show no cause.
func TestNoCause(t *testing.T) {
	for name, f := range map[string]*timeline.Fact{
		"running":   fact("", with(func(d *timeline.Detail) { d.Container, d.State, d.Level = "c", "running", "info" })),
		"completed": fact("Completed", exit(0), with(func(d *timeline.Detail) { d.Level = "info" })),
		"stopped":   fact("Error", exit(1), with(func(d *timeline.Detail) { d.Level = "info" })),
		"creating": fact("ContainerCreating", with(func(d *timeline.Detail) {
			d.Container, d.State, d.Level = "c", "waiting", "warning"
		})),
	} {
		if c := find(Causes(), f); c != nil {
			t.Errorf("%s: %s", name, c.Says)
		}
	}
}
