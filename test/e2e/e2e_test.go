//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestEveryChange drives a cluster through rollouts, scaling, failures and a restart of its
// API server, and compares the records with etcd's history.
func TestEveryChange(t *testing.T) {
	c := startCluster(t)
	collector := startCollector(t, t.TempDir())
	logger := startLogger(t, c.Info.LoggerKubeconfig, collector)

	churn(c)

	all := c.history()
	logger.awaitLast(all)
	t.Logf("logger: %s", logger.memory())
	stop(t, logger.Program)
	stop(t, collector.Program)

	lines := stdoutRecords(t, logger.Output(t))
	gaps := gapsOf(t, logger.Log(t), all, lines)
	within := count(all, func(c change) bool {
		return slices.ContainsFunc(gaps, func(g gap) bool { return g.has(c.revision) })
	})
	checkNumbers(t, lines)
	o := expect(all, gaps, lines)
	o.addBundles(all, func(pod object) object { return fieldsOf(pod, appOf(pod)) })
	checkRecords(t, o, lines)
	checkCollector(t, lines, collector.received())
	t.Logf("changes=%d gaps=%d within=%d records=%d", len(all), len(gaps), within, len(lines))
}

const (
	namespace   = "/api/v1/namespaces/default/pods"
	deployments = "/apis/apps/v1/namespaces/default/deployments"
)

// churn makes all kinds of changes in the cluster.
func churn(c *cluster) {
	deploy(c, "web", 200, "")
	awaitWeb(c, 200)
	c.do(http.MethodPatch, deployments+"/web", version("2"))
	awaitWeb(c, 200)

	scale(c, 260)
	awaitWeb(c, 260)

	c.do(http.MethodPatch, deployments+"/web", version("3"))
	killAPIServerMidway(c, 260)
	awaitWeb(c, 260)
	scale(c, 120)
	awaitWeb(c, 120)

	playScenarios(c)

	for _, name := range []string{"web", "broken"} {
		c.remove(deployments + "/" + name)
	}
	c.do(http.MethodDelete, namespace, object{})
	c.awaitNoPods(namespace)
}

// killAPIServerMidway restarts the API server in the middle of a rollout, while pods are
// created and deleted. After the kill, changes are left for controllers to make.
func killAPIServerMidway(c *cluster, replicas int) {
	c.t.Helper()
	wait.Until(c.t, "a third of the pods is new", func() bool {
		updated, _ := at(c.get(deployments+"/web"), "status")["updatedReplicas"].(float64)
		return int(updated) >= replicas/3
	})
	c.run("kill", "kube-apiserver")
	c.run("start", "kube-apiserver")
}

// scenarios are what the cluster plays with pods, and how those pods are in the end.
var scenarios = map[string]func(status object) bool{
	"image-pull":   func(s object) bool { return waits(s, "ImagePullBackOff") },
	"crash-loop":   func(s object) bool { return waits(s, "CrashLoopBackOff") && restarts(s) == 3 },
	"hidden-crash": func(s object) bool { return restarts(s) == 1 },
	"evicted":      func(s object) bool { return s["phase"] == "Failed" },
	"init":         func(s object) bool { return s["phase"] == "Running" },
	"complete":     func(s object) bool { return s["phase"] == "Succeeded" },
}

func waits(status object, reason string) bool {
	for _, c := range list(status, "containerStatuses") {
		if text(c, "state", "waiting", "reason") == reason {
			return true
		}
	}
	return false
}

// restarts returns the restart count of the first container.
func restarts(status object) int {
	for _, c := range list(status, "containerStatuses") {
		n, _ := c["restartCount"].(float64)
		return int(n)
	}
	return 0
}

// playScenarios has pods go through all scenarios to their ends.
func playScenarios(c *cluster) {
	const each = 5
	for name := range scenarios {
		for i := range each {
			c.do(http.MethodPost, namespace, pod(fmt.Sprintf("%s-%d", name, i), name))
		}
	}
	byHand(c)
	for name, done := range scenarios {
		awaitPods(c, "podstatus.test%2Fscenario%3D"+name, each, done)
	}
	deploy(c, "broken", 20, "image-pull")
	awaitPods(c, "app%3Dbroken", 10, scenarios["image-pull"])
}

// awaitPods waits until so many pods with a label are as wanted.
func awaitPods(c *cluster, selector string, n int, done func(status object) bool) {
	c.t.Helper()
	wait.NoError(c.t, "pods with "+selector, func() error {
		have := count(list(c.get(namespace+"?labelSelector="+selector), "items"),
			func(p object) bool { return done(at(p, "status")) })
		if have < n {
			return fmt.Errorf("%d of %d are done", have, n)
		}
		return nil
	})
}
