//go:build node

package chart

import (
	"net/http"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// TestOutage takes the API server away for longer than the liveness probe tolerates a
// program that does not answer. The kubelet does not restart the program, which resumes
// when the API server is back. No other test could go on meanwhile.
func TestOutage(t *testing.T) {
	c := theCluster(t)
	ns := c.namespace("outage")
	c.volume(ns, release)
	l := c.install(ns, "statefulset")
	c.create(ns, "before-outage")
	l.seen("before-outage")
	pod := l.pod()
	address := c.kubectl(ns, "get", "pod", pod, "--output=jsonpath={.status.podIP}")

	c.Component(t, "kill", "kube-apiserver")
	// Three failures in a row, ten seconds apart, would end the program.
	const tolerated = 45 * time.Second
	for end := time.Now().Add(tolerated); time.Now().Before(end); time.Sleep(time.Second) {
		if status := l.get(address, "/livez"); status != http.StatusOK {
			t.Errorf("without the API server, /livez answers with status %d", status)
		}
	}
	c.Component(t, "start", "kube-apiserver")
	nodetest.Eventually(t, "the API server is back", func() bool {
		return c.Enter("kubectl", "get", "--raw=/readyz").Run() == nil
	})

	c.create(ns, "after-outage")
	if rec := l.seen("after-outage"); rec.Initial {
		t.Errorf("the record of a pod after the outage: %+v", rec)
	}
	l.awaitReady(pod, "0")
	checkSequence(t, l.logs(ns, pod))
}
