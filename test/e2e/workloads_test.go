//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// byHand makes changes that no kubelet of the cluster makes: readiness that changes, a debug
// container, labels, and pods that cannot be scheduled.
func byHand(c *cluster) {
	gated := pod("gated", "manual")
	at(gated, "spec")["schedulingGates"] = []object{{"name": "example.com/wait"}}
	c.do(http.MethodPost, namespace, gated)
	homeless := pod("homeless", "manual")
	at(homeless, "spec")["nodeSelector"] = object{"no": "such-node"}
	c.do(http.MethodPost, namespace, homeless)
	c.do(http.MethodPost, namespace, pod("manual", "manual"))
	wait.Until(c.t, "the pod is on a node", func() bool {
		return text(c.get(namespace+"/manual"), "spec", "nodeName") != ""
	})
	running := func(ready bool, log object) object {
		return object{"phase": "Running", "containerStatuses": []object{
			{
				"name": "app", "image": "registry.example/app:1.2", "imageID": "", "ready": ready, "restartCount": 0,
				"state": object{"running": object{"startedAt": "2026-01-01T00:00:00Z"}},
			},
			{
				"name": "log", "image": "registry.example/log@sha256:0123", "imageID": "", "ready": false, "restartCount": 0,
				"state": log,
			},
		}}
	}
	for _, status := range []object{
		running(false, object{"waiting": object{"reason": "CreateContainerConfigError", "message": `secret "a" not found`}}),
		running(true, object{"waiting": object{"reason": "CreateContainerConfigError", "message": `secret "b" not found`}}),
		running(false,
			object{"terminated": object{
				"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "a\n\t\"b\" <c>\u2028", "startedAt": nil,
				"finishedAt": nil,
			}}),
		running(true,
			object{"terminated": object{
				"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "a\n\t\"b\" <c>\u2028", "startedAt": nil,
				"finishedAt": nil,
			}}),
		{"conditions": []object{{
			"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "lastTransitionTime": nil,
		}}},
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
		{
			"name": "debug", "image": "registry.example/debug:1", "imageID": "", "ready": false, "restartCount": 0,
			"state": object{"running": object{"startedAt": nil}},
		},
	}}})
	c.do(http.MethodPatch, namespace+"/gated", object{"spec": object{"schedulingGates": []object{}}})
}

// deploy creates a Deployment whose pods play a scenario, if there is one.
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

// version returns a patch that changes the pod template, so that all pods are replaced.
func version(v string) object {
	return object{"spec": object{"template": object{"metadata": object{"labels": object{"version": v}}}}}
}

func scale(c *cluster, replicas int) {
	c.do(http.MethodPatch, deployments+"/web", object{"spec": object{"replicas": replicas}})
}

// awaitWeb waits until the Deployment web has so many ready pods of its newest version, and
// no others.
func awaitWeb(c *cluster, replicas int) {
	c.t.Helper()
	begun, woken := time.Now(), false
	wait.NoError(c.t, fmt.Sprintf("web has %d ready pods", replicas), func() error {
		d := c.get(deployments + "/web")
		s, want := at(d, "status"), float64(replicas)
		done := s["observedGeneration"] == at(d, "metadata")["generation"] &&
			s["replicas"] == want && s["updatedReplicas"] == want && s["readyReplicas"] == want &&
			len(list(c.get(namespace+"?labelSelector=app%3Dweb"), "items")) == replicas
		if !done && !woken && time.Since(begun) > time.Minute { // kwok gives up where a kubelet would not
			woken = true
			c.run("kill", "kwok")
			c.run("start", "kwok")
		}
		if !done {
			return fmt.Errorf("its status is %v", s)
		}
		return nil
	})
}

// pod returns a pod that plays a scenario, if there is one.
func pod(name, scenario string) object {
	labels := object{"team": "payments", "empty": "", "pod": "looks-like-a-field"}
	p := object{
		"metadata": object{"name": name, "labels": labels},
		"spec": object{
			"containers": []object{
				{"name": "app", "image": "registry.example/app:1.2"}, {"name": "log", "image": "registry.example/log@sha256:0123"},
			},
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
