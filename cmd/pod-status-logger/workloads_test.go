package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// scriptedWorkloads are the workloads of a server.
type scriptedWorkloads struct {
	deployments *apiscript.Objects[*appsv1.Deployment]
	jobs        *apiscript.Objects[*batchv1.Job]
}

func workloadsOf(server *apiscript.Server) scriptedWorkloads {
	apps := func(plural, kind string, list func() runtime.Object) apiscript.Resource {
		return apiscript.Resource{GroupVersion: appsv1.SchemeGroupVersion, Plural: plural, Kind: kind, NewList: list}
	}
	apiscript.Serve[*appsv1.StatefulSet](server,
		apps("statefulsets", "StatefulSet", func() runtime.Object { return new(appsv1.StatefulSetList) }))
	apiscript.Serve[*appsv1.DaemonSet](server,
		apps("daemonsets", "DaemonSet", func() runtime.Object { return new(appsv1.DaemonSetList) }))
	return scriptedWorkloads{
		apiscript.Serve[*appsv1.Deployment](server,
			apps("deployments", "Deployment", func() runtime.Object { return new(appsv1.DeploymentList) })),
		apiscript.Serve[*batchv1.Job](server, apiscript.Resource{
			GroupVersion: batchv1.SchemeGroupVersion, Plural: "jobs", Kind: "Job",
			NewList: func() runtime.Object { return new(batchv1.JobList) },
		}),
	}
}

// cart returns the Deployment of [rollout]; done is whether its pod is available.
func cart(done bool) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "cart", UID: "uid-of-cart", Generation: 1,
			Annotations: map[string]string{"meta.helm.sh/release-name": "cart", "meta.helm.sh/release-namespace": "shop"},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(1)),
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{
				Labels: map[string]string{"app.kubernetes.io/version": "2.4.0"},
			}},
		},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 1},
	}
	progress(d, corev1.ConditionTrue, "NewReplicaSetCreated", `Created new replica set "cart-5d9c7b8f66"`)
	if done {
		complete(d)
	}
	return d
}

func progress(d *appsv1.Deployment, status corev1.ConditionStatus, reason, message string) {
	d.Status.Conditions = []appsv1.DeploymentCondition{{
		Type: appsv1.DeploymentProgressing, Status: status, Reason: reason, Message: message,
		LastUpdateTime: metav1.Unix(1764547200, 0), LastTransitionTime: metav1.Unix(1764547100, 0),
	}}
}

func complete(d *appsv1.Deployment) {
	d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.ReadyReplicas, d.Status.AvailableReplicas = 1, 1, 1, 1
	progress(d, corev1.ConditionTrue, "NewReplicaSetAvailable",
		`ReplicaSet "cart-5d9c7b8f66" has successfully progressed.`)
}

func stall(d *appsv1.Deployment) {
	progress(d, corev1.ConditionFalse, "ProgressDeadlineExceeded",
		`ReplicaSet "cart-5d9c7b8f66" has timed out progressing.`)
}

// TestWorkloads: records of a Deployment have the bundle and the trace of its pods, also when
// the server speaks JSON, and after a restart only changes.
func TestWorkloads(t *testing.T) {
	for name, options := range map[string][]apiscript.Option{"protobuf": nil, "JSON": {apiscript.WithJSONOnly()}} {
		t.Run(name, func(t *testing.T) { testWorkloads(t, options...) })
	}
}

func testWorkloads(t *testing.T, options ...apiscript.Option) {
	server := apiscript.NewServer(options...)
	t.Cleanup(server.Close)
	_, pod := rollout(server)
	workloads := workloadsOf(server)
	server.Create(pod)
	flags := []string{"--kubeconfig", kubeconfig(t, server), "--workloads", "--listen=", "--state-dir", t.TempDir()}
	p := start(t, nil, flags...)
	p.await(1)
	awaitWatches(t, server, "deployments", "statefulsets", "daemonsets", "jobs")
	workloads.deployments.Create(cart(false))
	p.await(2)
	began := time.Now()
	workloads.deployments.Update("shop", "cart", stall)
	p.await(3)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the record of ProgressDeadlineExceeded took %v", took)
	}
	workloads.deployments.Update("shop", "cart", complete)
	p.await(4)
	p.signal()
	stdout, stderr, status := p.wait()
	if status != cli.ExitOK {
		t.Fatalf("exit status %d, stderr:\n%s", status, stderr)
	}
	lines := linesOf(t, stdout)
	want := map[string]any{
		"action": "workload", "level": "warning", "object_kind": "Deployment", "object_name": "cart", "namespace": "shop",
		"rollout_status": "stalled", "generation": 1.0, "replicas_desired": 1.0, "replicas_updated": 0.0,
		"replicas_ready": 0.0, "replicas_available": 0.0, "condition": "Progressing", "condition_status": "False",
		"reason": "ProgressDeadlineExceeded", "info": `ReplicaSet "cart-5d9c7b8f66" has timed out progressing.`,
		"occurred_at": "2025-12-01T00:00:00Z", "msg": "Deployment shop/cart has a stalled rollout: " +
			`ProgressDeadlineExceeded (ReplicaSet "cart-5d9c7b8f66" has timed out progressing.)`,
	}
	keys := append(slices.Sorted(maps.Keys(want)), "pod", "pod_uid", "phase", "replicas_failed")
	if diff := cmp.Diff(want, lines[2].of(keys...)); diff != "" {
		t.Errorf("record of the stalled rollout (-want +got):\n%s", diff)
	}
	origin := []string{"bundle.id", "bundle.name", "bundle.version", "trace_id"}
	for i, status := range []string{"progressing", "stalled", "complete"} {
		if lines[i+1]["rollout_status"] != status {
			t.Errorf("record %d is %v, want %s", i, lines[i+1], status)
		}
		if diff := cmp.Diff(lines[0].of(origin...), lines[i+1].of(origin...)); diff != "" || lines[0]["trace_id"] == nil {
			t.Errorf("origin (-the pod's +the Deployment's):\n%s", diff)
		}
	}

	workloads.jobs.Create(&batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "report"}, Spec: batchv1.JobSpec{Completions: new(int32(3))},
		Status: batchv1.JobStatus{Failed: 2, Conditions: []batchv1.JobCondition{
			{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded"},
		}},
	})
	p = start(t, nil, flags...)
	p.await(2)
	p.signal()
	stdout, _, _ = p.wait()
	again := linesOf(t, stdout)
	if len(again) != 2 || again[1]["rollout_status"] != "failed" || again[1]["replicas_failed"] != 2.0 ||
		again[1]["level"] != "error" || again[1]["replicas_updated"] != nil {
		t.Errorf("after a restart: %s", stdout)
	}
}

// awaitWatches waits until resources are watched.
func awaitWatches(t *testing.T, server *apiscript.Server, resources ...string) {
	t.Helper()
	wait.Until(t, "the resources are watched", func() bool {
		for _, resource := range resources {
			if !slices.ContainsFunc(server.Requests(), func(r apiscript.Request) bool {
				return r.Verb == "watch" && strings.HasSuffix(r.Path, "/"+resource)
			}) {
				return false
			}
		}
		return true
	})
}

// TestWorkloadsForbidden: without the rights there is one warning for each resource, which
// names the rule. Pods are watched all the same, and the program is ready. A right, once it is
// granted, is found by itself.
func TestWorkloadsForbidden(t *testing.T) {
	server := apiServer(t)
	workloads := workloadsOf(server)
	workloads.deployments.FailNext(3, http.StatusForbidden, 0, metav1.StatusReasonForbidden)
	server.Create(somePod("shop", "web"))
	address := freeport.Address(t)
	p := start(t, nil, "--kubeconfig", kubeconfig(t, server), "--workloads", "--listen", address)
	p.await(1)
	wait.Until(t, "Deployments were requested three times", func() bool {
		asked := 0
		for _, r := range server.Requests() {
			if strings.HasSuffix(r.Path, "/deployments") {
				asked++
			}
		}
		return asked >= 3
	})
	if code, body := get(address, "/readyz"); code != http.StatusOK {
		t.Errorf("/readyz: %d %s", code, body)
	}
	workloads.deployments.Create(cart(true))
	p.await(2)
	p.signal()
	_, stderr, status := p.wait()
	const rule = `may not watch deployments.apps in all namespaces; no records are emitted of them until then; ` +
		`allow it with a ClusterRole: {apiGroups: [apps], resources: [deployments], verbs: [list, watch]}`
	if status != cli.ExitOK || strings.Count(stderr, rule) != 1 {
		t.Errorf("exit status %d, %d warnings, stderr:\n%s", status, strings.Count(stderr, rule), stderr)
	}
}

// TestWorkloadsOff: without --workloads nothing is requested of them.
func TestWorkloadsOff(t *testing.T) {
	server := apiServer(t)
	workloadsOf(server).deployments.Create(cart(true))
	server.Create(somePod("shop", "web"))
	p := start(t, nil, "--kubeconfig", kubeconfig(t, server), "--listen=")
	p.await(1)
	server.Delete("shop", "web")
	p.await(2)
	p.signal()
	_, _, _ = p.wait()
	for _, r := range server.Requests() {
		if strings.HasPrefix(r.Path, "/apis/apps") || strings.HasPrefix(r.Path, "/apis/batch") {
			t.Errorf("requested %s %s", r.Verb, r.Path)
		}
	}
}
