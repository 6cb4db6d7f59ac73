//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

const (
	daemonSets  = "/apis/apps/v1/namespaces/default/daemonsets"
	quotas      = "/api/v1/namespaces/quota/resourcequotas"
	withQuota   = "/apis/apps/v1/namespaces/quota/deployments"
	kubectlPath = "../cluster/bin/kubectl"
)

// TestWorkloads drives Deployments, StatefulSets, DaemonSets and Jobs through rollouts that
// complete, stall, are forbidden and fail. Meanwhile, the program is killed again and again. The
// rollouts have the records that kubectl rollout status confirms, each once, in the trace of
// their pods.
func TestWorkloads(t *testing.T) {
	c := startCluster(t)
	grant(c)
	grantWorkloads(c)
	dir := t.TempDir()
	runs := newLoggerRuns(newFaultLog(t), dir, c.Info.OwnersKubeconfig, filepath.Join(dir, "state"), "127.0.0.1:9")
	runs.command.Env = nil
	runs.command.Args = append(slices.Clone(runs.command.Args), "--workloads")
	if err := runs.start(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the logger is ready", func() bool { return runs.last().ready.Load() })

	records := func() []object { return rolloutRecords(t, runs.command.Stdout) }
	await := func(kind, name, status string, n int) {
		t.Helper()
		wait.NoError(t, fmt.Sprintf("%s %s is %s for the %d. time", kind, name, status, n), func() error {
			if got := storyOf(records(), kind, name); occurrences(got, status) < n {
				return fmt.Errorf("got %q", got)
			}
			return nil
		})
	}
	kill := func() {
		t.Helper()
		if err := runs.kill("between rollouts"); err != nil {
			t.Fatal(err)
		}
		if err := runs.start(); err != nil {
			t.Fatal(err)
		}
	}

	deploy(c, "fine", 3, "")
	await("Deployment", "fine", "complete", 1)
	kill()
	c.do(http.MethodPatch, deployments+"/fine", version("2"))
	kill()
	await("Deployment", "fine", "complete", 2)
	kubectlConfirms(t, c, "default", "deployment/fine")

	c.do(http.MethodPost, deployments, stuck("stuck"))
	began := time.Now()
	await("Deployment", "stuck", "stalled", 1)
	t.Logf("stalled after %v, with progressDeadlineSeconds 2", time.Since(began).Round(time.Millisecond))

	forbid(c)
	await("Deployment", "forbidden", "stalled", 1)
	kill()
	c.remove(quotas + "/none")
	await("Deployment", "forbidden", "complete", 1)

	c.do(http.MethodPost, statefulSets, setOf("database", object{"replicas": 2}))
	await("StatefulSet", "database", "complete", 1)
	c.do(http.MethodPatch, statefulSets+"/database", version("2"))
	kill()
	await("StatefulSet", "database", "complete", 2)
	kubectlConfirms(t, c, "default", "statefulset/database")

	c.do(http.MethodPost, daemonSets, setOf("agent", nil))
	await("DaemonSet", "agent", "complete", 1)
	kill()
	c.do(http.MethodPatch, daemonSets+"/agent", version("2"))
	await("DaemonSet", "agent", "complete", 2)
	kubectlConfirms(t, c, "default", "daemonset/agent")

	c.do(http.MethodPost, jobs, jobOf("good", ""))
	c.do(http.MethodPost, jobs, jobOf("bad", "evicted"))
	kill()
	await("Job", "good", "complete", 1)
	await("Job", "bad", "failed", 1)
	if err := runs.stop(); err != nil {
		t.Fatal(err)
	}

	checkStories(t, records())
	checkWorkloadTraces(t, stdoutRecords(t, read(t, runs.command.Stdout)))
	checkDeadlines(t, records())
}

// checkStories compares the statuses of each rollout, in order.
func checkStories(t *testing.T, records []object) {
	t.Helper()
	twice := []string{"progressing", "complete", "progressing", "complete"}
	for _, want := range []struct {
		kind, name string
		story      []string
	}{
		{"Deployment", "fine", twice},
		{"Deployment", "stuck", []string{"progressing", "stalled"}},
		{"Deployment", "forbidden", []string{"progressing", "stalled", "progressing", "complete"}},
		{"StatefulSet", "database", twice},
		{"DaemonSet", "agent", twice},
		{"Job", "good", []string{"progressing", "complete"}},
		{"Job", "bad", []string{"progressing", "failed"}},
	} {
		got := storyOf(records, want.kind, want.name)
		if want.name == "forbidden" && slices.Equal(got, []string{"progressing", "stalled", "complete"}) {
			continue // its pod was ready before the controller reported progress
		}
		if diff := cmp.Diff(want.story, got); diff != "" {
			t.Errorf("rollouts of %s %s (-want +got):\n%s", want.kind, want.name, diff)
		}
	}
	forbidden := slices.ContainsFunc(records, func(r object) bool {
		return r["object_name"] == "forbidden" && r["condition"] == "ReplicaFailure" && r["condition_status"] == "True" &&
			r["level"] == "error" && strings.Contains(text(r, "info"), "exceeded quota: none")
	})
	if !forbidden {
		t.Error("no record has the message of the quota")
	}
}

// checkWorkloadTraces holds that a rollout has the trace of its pods. DaemonSets don't name their
// revision, and the first record of a Deployment may come before its ReplicaSet.
func checkWorkloadTraces(t *testing.T, lines []object) {
	t.Helper()
	traces := map[string]bool{} // of pods
	for _, r := range lines {
		if r["pod"] != nil && r["trace_id"] != nil {
			traces[text(r, "trace_id")] = true
		}
	}
	checked := 0
	for _, r := range lines {
		name := text(r, "object_name")
		if name != "fine" && name != "database" || r["rollout_status"] == nil {
			continue
		}
		named := name == "fine" && r["condition"] != nil // its condition names the ReplicaSet
		if named && r["trace_id"] == nil || r["trace_id"] != nil && !traces[text(r, "trace_id")] {
			t.Errorf("no pod has the trace %v of %s", r["trace_id"], r["msg"])
		}
		checked++
	}
	if checked < 8 {
		t.Errorf("%d records were checked", checked)
	}
}

// checkDeadlines holds that the record of an exceeded deadline comes within 5 s of the condition,
// whose time has whole seconds.
func checkDeadlines(t *testing.T, records []object) {
	t.Helper()
	for _, r := range records {
		if r["reason"] != "ProgressDeadlineExceeded" || r["recovered"] == true {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, text(r, "time"))
		condition, wrong := time.Parse(time.RFC3339Nano, text(r, "occurred_at"))
		if late := at.Sub(condition); err != nil || wrong != nil || late > 6*time.Second {
			t.Errorf("%v after the condition: %s", late, r["msg"])
		} else {
			t.Logf("%s: %v after the condition", r["object_name"], late.Round(time.Millisecond))
		}
	}
}

// rolloutRecords returns the records about workloads, once each: a run that was killed may have
// written lines that the next one writes again.
func rolloutRecords(t *testing.T, file string) (all []object) {
	t.Helper()
	first := map[any]object{}
	out := read(t, file)
	for _, r := range stdoutRecords(t, out[:strings.LastIndex(out, "\n")+1]) {
		if r["action"] != "workload" {
			continue
		}
		if earlier, ok := first[r["record_id"]]; ok {
			if diff := cmp.Diff(earlier, r); diff != "" {
				t.Errorf("two records have one id (-first +second):\n%s", diff)
			}
			continue
		}
		first[r["record_id"]] = r
		all = append(all, r)
	}
	return all
}

func storyOf(records []object, kind, name string) (story []string) {
	for _, r := range records {
		if r["object_kind"] == kind && r["object_name"] == name && r["rollout_status"] != nil {
			story = append(story, text(r, "rollout_status"))
		}
	}
	return story
}

func occurrences(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// kubectlConfirms holds that kubectl, too, takes a rollout for done.
func kubectlConfirms(t *testing.T, c *cluster, namespace, workload string) {
	t.Helper()
	out, err := exec.Command(kubectlPath, "--kubeconfig", c.Info.AdminKubeconfig, "--namespace", namespace,
		"rollout", "status", workload, "--watch=false").CombinedOutput()
	if err != nil || strings.Contains(strings.ToLower(string(out)), "waiting") {
		t.Errorf("kubectl rollout status %s: %s (%v)", workload, out, err)
	}
}

// stuck returns a Deployment whose pods never get ready.
func stuck(name string) object {
	template := pod("", "manual")
	at(template, "metadata", "labels")["app"] = name
	return object{
		"metadata": object{"name": name},
		"spec": object{
			"replicas": 1, "progressDeadlineSeconds": 2, "minReadySeconds": 0,
			"selector": object{"matchLabels": object{"app": name}}, "template": template,
		},
	}
}

// forbid creates a Deployment whose pods a quota forbids.
func forbid(c *cluster) {
	c.do(http.MethodPost, "/api/v1/namespaces", object{"metadata": object{"name": "quota"}})
	c.do(http.MethodPost, quotas, object{"metadata": object{"name": "none"}, "spec": object{"hard": object{"pods": "0"}}})
	wait.Until(c.t, "the quota is in force", func() bool { return at(c.get(quotas+"/none"), "status")["hard"] != nil })
	d := stuck("forbidden")
	delete(at(d, "spec", "template", "metadata", "labels"), "podstatus.test/scenario")
	c.do(http.MethodPost, withQuota, d)
}

// setOf returns a StatefulSet or a DaemonSet.
func setOf(name string, spec object) object {
	template := pod("", "")
	at(template, "metadata", "labels")["app"] = name
	all := object{"selector": object{"matchLabels": object{"app": name}}, "template": template}
	maps.Copy(all, spec)
	return object{"metadata": object{"name": name}, "spec": all}
}

// jobOf returns a Job whose pod plays a scenario, if there is one.
func jobOf(name, scenario string) object {
	template := pod("", scenario)
	at(template, "spec")["restartPolicy"] = "Never"
	return object{"metadata": object{"name": name}, "spec": object{"backoffLimit": 0, "template": template}}
}

// grantWorkloads gives the user of the owners' kubeconfig the rights of the chart.
func grantWorkloads(c *cluster) {
	const rbac = "/apis/rbac.authorization.k8s.io/v1"
	c.do(http.MethodPost, rbac+"/clusterroles", object{
		"metadata": object{"name": "workloads"},
		"rules": []object{
			{
				"apiGroups": []string{"apps"}, "resources": []string{"deployments", "statefulsets", "daemonsets"},
				"verbs": []string{"list", "watch"},
			},
			{"apiGroups": []string{"batch"}, "resources": []string{"jobs"}, "verbs": []string{"list", "watch"}},
		},
	})
	c.do(http.MethodPost, rbac+"/clusterrolebindings", object{
		"metadata": object{"name": "workloads"},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "workloads"},
		"subjects": []object{{
			"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "pod-status-logger-owners",
		}},
	})
}
