//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

var (
	causes  = flag.Int("causes", 3, "how many of each cause TestEvents makes")
	kills   = flag.Int("kills", 5, "how often TestEvents kills the program meanwhile")
	repeats = flag.Int("repeats", 300, "how often TestEvents repeats one Event")
)

const events = "/api/v1/namespaces/default/events"

// forbidding are the namespaces in which no pod may be created, by the cause.
var forbidding = map[string]func(c *cluster, on bool){
	"quota": func(c *cluster, on bool) {
		const path = "/api/v1/namespaces/quota/resourcequotas"
		if !on {
			c.remove(path + "/none")
			return
		}
		c.do(http.MethodPost, path, object{"metadata": object{"name": "none"}, "spec": object{"hard": object{"pods": "0"}}})
		wait.Until(c.t, "the quota is in force", func() bool {
			return at(c.get(path+"/none"), "status", "hard")["pods"] != nil
		})
	},
	"webhook": func(c *cluster, on bool) {
		const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
		if !on {
			c.remove(path + "/down")
			return
		}
		c.do(http.MethodPost, path, object{"metadata": object{"name": "down"}, "webhooks": []object{{
			"name": "down.podstatus.test", "clientConfig": object{"url": "https://127.0.0.1:1/"}, "sideEffects": "None",
			"admissionReviewVersions": []string{"v1"}, "timeoutSeconds": 1,
			"namespaceSelector": object{"matchLabels": object{"kubernetes.io/metadata.name": "webhook"}},
			"rules": []object{{
				"apiGroups": []string{""}, "apiVersions": []string{"v1"}, "resources": []string{"pods"},
				"operations": []string{"CREATE"},
			}},
		}}})
	},
	"restricted": func(c *cluster, on bool) {
		level := "privileged"
		if on {
			level = "restricted"
		}
		c.do(http.MethodPatch, "/api/v1/namespaces/restricted",
			object{"metadata": object{"labels": object{"pod-security.kubernetes.io/enforce": level}}})
	},
}

// TestEvents makes Events of each cause on the real control plane, and kills the program
// again and again meanwhile: each piece of news has its record once, on stdout and at the
// Collector, in the story and the trace of its pod or its rollout.
func TestEvents(t *testing.T) {
	dir := t.TempDir()
	c := startCluster(t)
	grant(c)
	grantEvents(c)
	collector := startCollector(t, dir)
	logger := newLoggerRuns(newFaultLog(t), dir, c.Info.OwnersKubeconfig, dir+"/state", collector.address)
	logger.command.Args = append(logger.command.Args, "--events")
	if err := logger.start(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the logger is ready", logger.last().ready.Load)

	var killing sync.WaitGroup
	killing.Go(func() { killTimes(logger, *kills) })
	forbidRollouts(c)
	causeOnPods(c)
	writeEvents(c)
	killing.Wait()
	allowRollouts(c)
	writeLast(c, logger)

	logger.mu.Lock()
	defer logger.mu.Unlock()
	if err := logger.stop(); err != nil {
		t.Error(err)
	}
	stop(t, collector.Program)
	r := &report{}
	lines := r.readStdout([]byte(read(t, logger.command.Stdout)), logger.ends())
	r.checkNumbers("stdout", lines)
	r.checkCollector(lines, collector.received())
	checkEvents(t, eventsIn(t, c.run("history", "--events")), lines)
	if r.sum() > 0 {
		t.Errorf("%v, examples %v", r, r.examples)
	}
	t.Logf("kills=%d lines=%d duplicates=%d", *kills, r.stdoutLines, r.stdoutAgain)
}

// grantEvents grants the rule of docs/events.md.
func grantEvents(c *cluster) {
	const rbac = "/apis/rbac.authorization.k8s.io/v1"
	c.do(http.MethodPost, rbac+"/clusterroles", object{
		"metadata": object{"name": "events"},
		"rules": []object{{
			"apiGroups": []string{""}, "resources": []string{"events"}, "verbs": []string{"list", "watch"},
		}},
	})
	user := func(name string) object {
		return object{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}
	}
	c.do(http.MethodPost, rbac+"/clusterrolebindings", object{
		"metadata": object{"name": "events"},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "events"},
		"subjects": []object{user("pod-status-logger"), user("pod-status-logger-owners")},
	})
}

// killTimes kills the program at random moments, also right after its start.
func killTimes(l *loggerRuns, times int) {
	rng := rand.New(rand.NewPCG(*seed, 0))
	for range times {
		sleep(context.Background(), seconds(rng, 0.1, 2.5))
		l.mu.Lock()
		if err := l.kill("at any time"); err == nil {
			l.faults.failed(l.start())
		} else {
			l.faults.failed(err)
		}
		l.mu.Unlock()
	}
}

// forbidRollouts deploys rollouts whose pods may not be created.
func forbidRollouts(c *cluster) {
	for ns, forbid := range forbidding {
		c.do(http.MethodPost, "/api/v1/namespaces", object{"metadata": object{"name": ns}})
		forbid(c, true)
		for i := range *causes {
			deployIn(c, ns, fmt.Sprintf("%s%d", ns, i))
		}
	}
	wait.NoError(c.t, "Events about each rollout", func() error {
		for ns := range forbidding {
			about := map[string]bool{}
			for _, e := range list(c.get("/api/v1/namespaces/"+ns+"/events?fieldSelector=reason%3DFailedCreate"), "items") {
				about[text(e, "involvedObject", "name")] = true
			}
			if len(about) < *causes {
				return fmt.Errorf("%d in namespace %s", len(about), ns)
			}
		}
		return nil
	})
}

func deployIn(c *cluster, ns, name string) {
	template := pod("", "")
	mark(template, object{"labels": object{"app": name, appName: name, "app.kubernetes.io/version": "1"}})
	c.do(http.MethodPost, "/apis/apps/v1/namespaces/"+ns+"/deployments", object{
		"metadata": object{"name": name},
		"spec":     object{"replicas": 1, "selector": object{"matchLabels": object{"app": name}}, "template": template},
	})
}

// allowRollouts lets the pods of the rollouts come, whose traces are then those of the Events
// before.
func allowRollouts(c *cluster) {
	for ns, forbid := range forbidding {
		forbid(c, false)
		for i := range *causes {
			path := fmt.Sprintf("/apis/apps/v1/namespaces/%s/deployments/%s%d", ns, ns, i)
			replicas := 1
			wait.Until(c.t, "pods of "+path, func() bool { // a change has the controller try at once
				ready, _ := at(c.get(path), "status")["readyReplicas"].(float64)
				if ready == 0 {
					replicas = 3 - replicas
					c.do(http.MethodPatch, path, object{"spec": object{"replicas": replicas}})
				}
				return ready > 0
			})
		}
	}
}

// causeOnPods makes pods that don't fit, and pods that others preempt by taking their port.
func causeOnPods(c *cluster) {
	c.do(http.MethodPost, "/apis/scheduling.k8s.io/v1/priorityclasses",
		object{"metadata": object{"name": "high"}, "value": 1000})
	onPort := func(name string, i int) object {
		p := pod(fmt.Sprintf("%s-%d", name, i), "")
		at(p, "spec")["nodeSelector"] = object{"kubernetes.io/hostname": "node-0"}
		at(p, "spec")["containers"].([]object)[0]["ports"] = []object{{"containerPort": 80, "hostPort": 20000 + i}}
		return p
	}
	for i := range *causes {
		homeless := pod(fmt.Sprintf("homeless-%d", i), "")
		at(homeless, "spec")["nodeSelector"] = object{"no": "such-node"}
		c.do(http.MethodPost, namespace, homeless)
		c.do(http.MethodPost, namespace, onPort("victim", i))
	}
	for i := range *causes {
		wait.Until(c.t, "the victim runs", func() bool {
			return text(c.get(fmt.Sprintf("%s/victim-%d", namespace, i)), "status", "phase") == "Running"
		})
		preemptor := onPort("preemptor", i)
		at(preemptor, "spec")["priorityClassName"] = "high"
		c.do(http.MethodPost, namespace, preemptor)
	}
	for _, reason := range []string{"Preempted", "FailedScheduling"} {
		wait.Until(c.t, "Events "+reason, func() bool {
			return len(list(c.get(events+"?fieldSelector=reason%3D"+reason), "items")) >= *causes
		})
	}
}

// writeEvents writes the Events of a kubelet, which kwok does not, and those of which no
// records are to be emitted.
func writeEvents(c *cluster) {
	const most = 20
	for i := range *causes {
		about := c.do(http.MethodPost, namespace, pod(fmt.Sprintf("subject-%d", i), ""))
		for _, reason := range []string{"Unhealthy", "FailedMount", "Created"} {
			writeEvent(c, about, reason)
		}
		writeEvent(c, object{"kind": "ConfigMap", "metadata": at(about, "metadata")}, "FailedMount")
		writeEvent(c, object{"kind": "Node", "metadata": at(about, "metadata")}, "Unhealthy")
	}
	for n := 2; n <= most; n++ {
		for i := range *causes {
			count := object{"count": n}
			if i%2 == 1 {
				count = object{"series": object{"count": n, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}
			}
			for _, reason := range []string{"unhealthy", "failedmount", "created"} {
				c.do(http.MethodPatch, fmt.Sprintf("%s/subject-%d.pod.%s", events, i, reason), count)
			}
		}
	}
	flood := c.do(http.MethodPost, namespace, pod("flooded", ""))
	writeEvent(c, flood, "Unhealthy")
	for n := 2; n <= *repeats; n++ {
		c.do(http.MethodPatch, events+"/flooded.pod.unhealthy", object{"count": n})
	}
}

func writeEvent(c *cluster, about object, reason string) object {
	kind, name := text(about, "kind"), text(about, "metadata", "name")
	return c.do(http.MethodPost, events, object{
		"metadata": object{"name": strings.ToLower(name + "." + kind + "." + reason)},
		"involvedObject": object{
			"apiVersion": "v1", "kind": kind, "namespace": "default", "name": name, "uid": text(about, "metadata", "uid"),
			"fieldPath": "spec.containers{app}",
		},
		"reason": reason, "message": reason + " of " + name, "type": "Warning", "count": 1,
		"source": object{"component": "kubelet"},
	})
}

// writeLast writes an Event and waits for its record.
func writeLast(c *cluster, l *loggerRuns) {
	subject := c.do(http.MethodPost, namespace, pod("last", ""))
	last := text(writeEvent(c, subject, "Unhealthy"), "metadata", "resourceVersion")
	wait.Until(c.t, "the last Event is on stdout", func() bool {
		return strings.Contains(fileEnd(c.t, l.command.Stdout), `"resource_version":"`+last+`"`)
	})
}
