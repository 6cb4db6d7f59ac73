//go:build node

package chart

import (
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// TestStatefulSet installs the chart as it is by default: with the journal on a volume,
// in a namespace whose pods are restricted.
func TestStatefulSet(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	ns := c.namespace("stateful")
	volume := c.volume(ns, release)
	l := c.install(ns, "statefulset")

	c.create(ns, "first")
	l.seen("first")
	checkOwner(t, volume)
	t.Run("crash", func(t *testing.T) { l.on(t).crash() })
	t.Run("SIGTERM", func(t *testing.T) { l.on(t).terminate() })
	t.Run("upgrade", func(t *testing.T) { l.on(t).upgrade() })
	t.Run("absence", func(t *testing.T) { l.on(t).absence() })
}

// crash kills the program. The next process in the pod resumes from the journal.
func (l logger) crash() {
	pod := l.pod()
	l.signal(pod, syscall.SIGKILL)
	l.awaitReady(pod, "1")
	l.checkEnd(pod, "lastState", "137")
	l.create(l.ns, "after-crash")
	l.seen("after-crash")
	checkContinues(l.t, l.logs(l.ns, pod, "--previous"), l.logs(l.ns, pod))
}

// terminate deletes the pod. A finalizer keeps its status, which shows how the program
// ended: by itself, so within the grace period.
func (l logger) terminate() {
	pod := l.pod()
	before := l.follow(pod)
	l.kubectl(l.ns, "patch", "pod", pod, "--type=merge", `--patch={"metadata":{"finalizers":["example.com/look"]}}`)
	l.kubectl(l.ns, "delete", "pod", pod, "--wait=false")
	nodetest.Eventually(l.t, "the program ends", func() bool { return l.status(pod, "state.terminated.exitCode") != "" })
	l.checkEnd(pod, "state", "0")
	old := before()
	l.kubectl(l.ns, "patch", "pod", pod, "--type=merge", `--patch={"metadata":{"finalizers":null}}`)
	l.replaced(old, "after-sigterm")
}

// replaced checks that the pod that replaces another resumes from the volume.
func (l logger) replaced(old []record, next string) {
	l.t.Helper()
	l.kubectl(l.ns, "rollout", "status", l.workload, "--timeout=5m")
	l.create(l.ns, next)
	l.seen(next)
	checkContinues(l.t, old, l.logs(l.ns, l.pod()))
}

// upgrade changes the configuration, which replaces the pod.
func (l logger) upgrade() {
	before := l.follow(l.pod())
	l.helm(l.ns, "upgrade", release, "--set=config.cluster=node-test")
	l.replaced(before(), "after-upgrade")
}

// absence checks that a pod that is created while the program is scaled down is reported
// by the next pod, as an event and not as an existing pod.
func (l logger) absence() {
	before := l.follow(l.pod())
	l.kubectl(l.ns, "scale", l.workload, "--replicas=0")
	old := before()
	l.create(l.ns, "unattended")
	l.kubectl(l.ns, "scale", l.workload, "--replicas=1")
	l.replaced(old, "attended")
	if rec := l.seen("unattended"); rec.Initial {
		l.t.Errorf("the record of a pod that came meanwhile: %+v", rec)
	}
}
