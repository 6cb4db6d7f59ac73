//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEveryChange drives a cluster through rollouts, scaling, failures and a
// restart of its API server, and compares what was told with etcd's history.
func TestEveryChange(t *testing.T) {
	c := startCluster(t)
	dir := t.TempDir()
	collector := startCollector(t, dir)
	logger := startLogger(t, dir, c.Info.LoggerKubeconfig, collector)

	churn(c)

	all := c.history()
	logger.awaitTold(all)
	t.Logf("logger: %s", logger.resources())
	logger.stop()
	collector.stop()

	lines := stdoutRecords(t, read(t, logger.stdout))
	gaps := gapsOf(t, read(t, logger.stderr), all, lines)
	missed := 0
	for _, change := range all {
		if slices.ContainsFunc(gaps, func(g gap) bool { return g.has(change.revision) }) {
			missed++
		}
	}
	checkNumbers(t, lines)
	o := expect(all, gaps, lines)
	o.addBundles(all, func(pod object) object { return fieldsOf(pod, appOf(pod)) })
	checkRecords(t, o, lines)
	checkCollector(t, lines, collector.received())
	t.Logf("changes=%d gaps=%d within=%d records=%d", len(all), len(gaps), missed, len(lines))
}

const namespace = "/api/v1/namespaces/default/pods"

// churn is what happens in the cluster.
func churn(c *cluster) {
	deploy(c, "web", 200, "")
	settled(c, 200)
	c.do(http.MethodPatch, deployments+"/web", version("2"))
	settled(c, 200)

	scale(c, 260)
	settled(c, 260)

	// The API server dies in the middle of a change, in which pods come and go.
	c.do(http.MethodPatch, deployments+"/web", version("3"))
	time.Sleep(1500 * time.Millisecond)
	c.run("kill", "kube-apiserver")
	time.Sleep(time.Second)
	c.run("start", "kube-apiserver")
	settled(c, 260)
	scale(c, 120)
	settled(c, 120)

	scenarios := []string{"image-pull", "crash-loop", "hidden-crash", "evicted", "init", "complete"}
	for _, s := range scenarios {
		for i := range 5 {
			c.do(http.MethodPost, namespace, pod(fmt.Sprintf("%s-%d", s, i), s))
		}
	}
	byHand(c)
	time.Sleep(11 * time.Second) // what the longest of them takes
	deploy(c, "broken", 20, "image-pull")
	time.Sleep(3 * time.Second)

	for _, name := range []string{"web", "broken"} {
		c.remove(deployments + "/" + name)
	}
	c.do(http.MethodDelete, namespace, object{})
	c.eventually("all pods are gone", func() bool { return len(list(c.do(http.MethodGet, namespace, nil), "items")) == 0 })
}

// byHand does what no kubelet of the test does by itself: readiness that comes
// and goes, a debug container, labels, and pods that no node takes.
func byHand(c *cluster) {
	gated := pod("gated", "manual")
	at(gated, "spec")["schedulingGates"] = []object{{"name": "example.com/wait"}}
	c.do(http.MethodPost, namespace, gated)
	homeless := pod("homeless", "manual")
	at(homeless, "spec")["nodeSelector"] = object{"no": "such-node"}
	c.do(http.MethodPost, namespace, homeless)
	c.do(http.MethodPost, namespace, pod("manual", "manual"))
	c.eventually("the pod is on a node", func() bool {
		return text(c.do(http.MethodGet, namespace+"/manual", nil), "spec", "nodeName") != ""
	})
	running := func(ready bool, log object) object {
		return object{"phase": "Running", "containerStatuses": []object{
			{"name": "app", "image": "registry.example/app:1.2", "imageID": "", "ready": ready, "restartCount": 0, "state": object{"running": object{"startedAt": "2026-01-01T00:00:00Z"}}},
			{"name": "log", "image": "registry.example/log@sha256:0123", "imageID": "", "ready": false, "restartCount": 0, "state": log},
		}}
	}
	for _, status := range []object{
		running(false, object{"waiting": object{"reason": "CreateContainerConfigError", "message": `secret "a" not found`}}),
		running(true, object{"waiting": object{"reason": "CreateContainerConfigError", "message": `secret "b" not found`}}),
		running(false, object{"terminated": object{"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "a\n\t\"b\" <c>\u2028", "startedAt": nil, "finishedAt": nil}}),
		running(true, object{"terminated": object{"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "a\n\t\"b\" <c>\u2028", "startedAt": nil, "finishedAt": nil}}),
		{"conditions": []object{{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "lastTransitionTime": nil}}},
		{"ephemeralContainerStatuses": []object{}},
	} {
		c.do(http.MethodPatch, namespace+"/manual/status", object{"status": status})
	}
	for _, meta := range []object{
		{"annotations": object{"nobody": "cares"}},
		{"labels": object{"team": "checkout"}},
		{"annotations": object{"nobody": "cares much"}},
	} {
		c.do(http.MethodPatch, namespace+"/manual", object{"metadata": meta})
	}
	c.do(http.MethodPatch, namespace+"/manual/ephemeralcontainers", object{"spec": object{
		"ephemeralContainers": []object{{"name": "debug", "image": "registry.example/debug:1"}},
	}})
	c.do(http.MethodPatch, namespace+"/manual/status", object{"status": object{"ephemeralContainerStatuses": []object{
		{"name": "debug", "image": "registry.example/debug:1", "imageID": "", "ready": false, "restartCount": 0, "state": object{"running": object{"startedAt": nil}}},
	}}})
	c.do(http.MethodPatch, namespace+"/gated", object{"spec": object{"schedulingGates": []object{}}})
}

const deployments = "/apis/apps/v1/namespaces/default/deployments"

func deploy(c *cluster, name string, replicas int, scenario string) {
	template := pod("", scenario)
	labels := at(template, "metadata", "labels")
	labels["app"], labels[appName] = name, name
	c.do(http.MethodPost, deployments, object{
		"metadata": object{"name": name},
		"spec": object{
			"replicas": replicas, "selector": object{"matchLabels": object{"app": name}}, "template": template,
			"strategy": object{"rollingUpdate": object{"maxSurge": 50, "maxUnavailable": 50}},
		},
	})
}

// version changes the pod template, and so has all pods replaced.
func version(v string) object {
	return object{"spec": object{"template": object{"metadata": object{"labels": object{"version": v}}}}}
}

func scale(c *cluster, replicas int) {
	c.do(http.MethodPatch, deployments+"/web", object{"spec": object{"replicas": replicas}})
}

// settled waits until the deployment web has so many ready pods, all of its newest
// version, and no others are left.
func settled(c *cluster, replicas int) {
	c.t.Helper()
	c.eventually(fmt.Sprintf("web has %d ready pods", replicas), func() bool {
		d := c.do(http.MethodGet, deployments+"/web", nil)
		s, want := at(d, "status"), float64(replicas)
		return s["observedGeneration"] == at(d, "metadata")["generation"] && s["replicas"] == want && s["updatedReplicas"] == want && s["readyReplicas"] == want &&
			len(list(c.do(http.MethodGet, namespace+"?labelSelector=app%3Dweb", nil), "items")) == replicas
	})
}

func pod(name, scenario string) object {
	labels := object{"team": "payments", "empty": "", "pod": "looks-like-a-field"}
	p := object{
		"metadata": object{"name": name, "labels": labels},
		"spec": object{
			"containers":                    []object{{"name": "app", "image": "registry.example/app:1.2"}, {"name": "log", "image": "registry.example/log@sha256:0123"}},
			"terminationGracePeriodSeconds": 1,
		},
	}
	if scenario != "" {
		labels["podstatus.test/scenario"] = scenario
	}
	if scenario == "complete" || scenario == "evicted" {
		at(p, "spec")["restartPolicy"] = "Never"
	}
	if scenario == "init" {
		at(p, "spec")["initContainers"] = []object{
			{"name": "setup", "image": "registry.example/setup:1"},
			{"name": "proxy", "image": "registry.example/proxy:1", "restartPolicy": "Always"},
		}
	}
	return p
}

func stdoutRecords(t *testing.T, out string) (all []object) {
	t.Helper()
	for line := range strings.Lines(out) {
		var rec object
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("stdout: %v: %s", err, line)
		}
		all = append(all, rec)
	}
	return all
}

// checkNumbers: seq has no holes, and no record has the id of another.
func checkNumbers(t *testing.T, lines []object) {
	t.Helper()
	ids := map[any]bool{}
	for i, rec := range lines {
		if rec["seq"] != float64(i+1) {
			t.Fatalf("line %d has seq %v", i+1, rec["seq"])
		}
		if ids[rec["record_id"]] {
			t.Errorf("record id %v is there twice", rec["record_id"])
		}
		ids[rec["record_id"]] = true
		for _, key := range []string{"time", "msg"} {
			if text(rec, key) == "" {
				t.Errorf("line %d has no %s", i+1, key)
			}
		}
	}
}

// checkRecords compares the records of each pod with those that the witness
// expects, in order.
func checkRecords(t *testing.T, o *oracle, lines []object) {
	t.Helper()
	got := map[string][]object{}
	for _, rec := range lines {
		rec = without(rec, "time", "msg", "occurred_at", "record_id", "seq")
		uid := text(rec, "pod_uid")
		got[uid] = append(got[uid], rec)
	}
	wrong := 0
	for uid := range union(o.expected, got) {
		diff := cmp.Diff(o.expected[uid], got[uid])
		if diff == "" {
			continue
		}
		if wrong++; wrong <= 5 {
			t.Errorf("records of pod %s (-expected +got):\n%s", uid, diff)
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d pods differ", wrong, len(o.expected))
	}
}
