//go:build node

package chart

import (
	"syscall"
	"testing"
)

// TestDeployment installs the chart without a volume: the journal survives the container
// but not the pod.
func TestDeployment(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	ns := c.namespace("deployed")
	l := c.install(ns, "deployment", "--set=mode=deployment")

	c.create(ns, "first")
	l.seen("first")
	pod := l.pod()
	l.signal(pod, syscall.SIGKILL)
	l.awaitReady(pod, "1")
	c.create(ns, "after-crash")
	l.seen("after-crash")
	checkContinues(t, l.logs(ns, pod, "--previous"), l.logs(ns, pod))

	c.kubectl(ns, "delete", "pod", pod)
	c.kubectl(ns, "rollout", "status", l.workload, "--timeout=5m")
	c.create(ns, "after-replacement")
	l.awaitRecord(l.pod(), ns, "after-replacement")
	if rec := l.awaitRecord(l.pod(), ns, "first"); !rec.Initial {
		t.Errorf("without the journal, an existing pod is not initial: %+v", rec)
	}
	if first := l.logs(ns, l.pod())[0]; first.Seq != 1 {
		t.Errorf("without the journal, the first seq is %d", first.Seq)
	}
}
