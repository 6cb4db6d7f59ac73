package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// eventsOf has the server serve Events, in an etcd of their own.
func eventsOf(server *apiscript.Server) *apiscript.Objects[*corev1.Event] {
	return apiscript.Serve[*corev1.Event](server, apiscript.Events())
}

// warning is a new Event about an object.
func warning(about metav1.Object, apiVersion, kind, reason string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: about.GetNamespace(), Name: about.GetName() + "." + reason},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: apiVersion, Kind: kind, Namespace: about.GetNamespace(), Name: about.GetName(), UID: about.GetUID(),
		},
		Reason: reason, Message: "because of " + reason, Type: corev1.EventTypeWarning, Count: 1,
		Source: corev1.EventSource{Component: "tester"},
	}
}

// outputLine is a record on stdout.
type outputLine map[string]any

func (l outputLine) of(keys ...string) map[string]any {
	some := map[string]any{}
	for _, key := range keys {
		if v, ok := l[key]; ok {
			some[key] = v
		}
	}
	return some
}

func linesOf(t *testing.T, stdout string) (all []outputLine) {
	t.Helper()
	for text := range strings.Lines(stdout) {
		var l outputLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		all = append(all, l)
	}
	return all
}

// rollout creates a Deployment of Helm with a ReplicaSet, and returns the latter and a pod
// of it that is not created yet.
func rollout(server *apiscript.Server) (replicaSet *metav1.PartialObjectMetadata, pod *corev1.Pod) {
	labels := map[string]string{"app.kubernetes.io/version": "2.4.0", "pod-template-hash": "5d9c7b8f66"}
	helm := map[string]string{"meta.helm.sh/release-name": "cart", "meta.helm.sh/release-namespace": "shop"}
	deployment := server.SetOwner("apps/v1", "deployments", &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", UID: "uid-of-cart", Annotations: helm},
	})
	replicaSet = server.SetOwner("apps/v1", "replicasets", &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{Kind: "ReplicaSet"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "cart-5d9c7b8f66", UID: "uid-of-rs", Labels: labels, Annotations: helm,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "Deployment", Name: "cart", UID: deployment.UID, Controller: new(true),
			}},
		},
	})
	pod = somePod("shop", "cart-5d9c7b8f66-q4m8z")
	pod.Labels = labels
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: replicaSet.Name, UID: replicaSet.UID, Controller: new(true),
	}}
	return replicaSet, pod
}

// TestEvents: records of Events have what the pod's other records have. Those about the
// ReplicaSet of a pod that never came have the bundle and the trace that it would have had.
// A restarted program emits no Event twice.
func TestEvents(t *testing.T) {
	server := apiServer(t)
	events := eventsOf(server)
	replicaSet, pod := rollout(server)
	pod = server.Create(pod)
	flags := []string{"--kubeconfig", kubeconfig(t, server), "--events", "--listen=", "--state-dir", t.TempDir()}
	p := start(t, nil, flags...)
	p.await(1)
	unhealthy := warning(pod, "v1", "Pod", "Unhealthy")
	unhealthy.InvolvedObject.FieldPath = "spec.containers{c}"
	events.Create(unhealthy)
	events.Create(warning(pod, "v1", "Pod", "Scheduled")) // the pod's status says so
	events.Create(warning(replicaSet, "apps/v1", "ReplicaSet", "FailedCreate"))
	p.await(3)
	p.signal()
	stdout, stderr, status := p.wait()
	if status != cli.ExitOK {
		t.Fatalf("exit status %d, stderr:\n%s", status, stderr)
	}
	lines := linesOf(t, stdout)
	created, onPod, onOwner := lines[0], lines[1], lines[2]
	if onOwner["object_kind"] == nil {
		onPod, onOwner = onOwner, onPod
	}
	shared := []string{
		"namespace", "pod", "pod_uid", "phase", "bundle.id", "bundle.version", "trace_id", "span_id", "pod-template-hash",
	}
	if diff := cmp.Diff(created.of(shared...), onPod.of(shared...)); diff != "" || created["trace_id"] == nil {
		t.Errorf("record of the Event (-the pod's +it):\n%s", diff)
	}
	want := map[string]any{
		"action": "event", "level": "warning", "reason": "Unhealthy", "info": "because of Unhealthy", "container": "c",
		"event_type": "Warning", "event_count": 1.0, "event_source": "tester",
		"msg": "container c of pod shop/cart-5d9c7b8f66-q4m8z has Event Unhealthy (because of Unhealthy)",
	}
	got := onPod.of("action", "level", "reason", "info", "container", "event_type", "event_count", "event_source", "msg",
		"state")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record of the Event (-want +got):\n%s", diff)
	}
	origin := []string{"bundle.id", "bundle.version", "trace_id"}
	if diff := cmp.Diff(created.of(origin...), onOwner.of(origin...)); diff != "" {
		t.Errorf("origin of the owner's Event (-the pod's +it):\n%s", diff)
	}
	want = map[string]any{"object_kind": "ReplicaSet", "object_name": replicaSet.Name, "namespace": "shop"}
	got = onOwner.of("object_kind", "object_name", "namespace", "pod", "pod_uid", "phase", "pod-template-hash")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record of the owner's Event (-want +got):\n%s", diff)
	}
	if onOwner["span_id"] == created["span_id"] {
		t.Error("the owner has the pod's span")
	}

	p = start(t, nil, flags...)
	events.Update("shop", unhealthy.Name, func(e *corev1.Event) { e.Count = 5 })
	p.await(1)
	p.signal()
	stdout, _, _ = p.wait()
	again := linesOf(t, stdout)
	if len(again) != 1 || again[0]["event_count"] != 5.0 || again[0]["record_id"] == onPod["record_id"] {
		t.Errorf("after a restart: %s", stdout)
	}
}

// TestEventsForbidden: without the right to watch Events there is one warning, which names
// the rule. Pods are watched all the same, and the program is ready. The right, once it is
// granted, is found by itself.
func TestEventsForbidden(t *testing.T) {
	server := apiServer(t)
	events := eventsOf(server)
	events.FailNext(3, http.StatusForbidden, 0, metav1.StatusReasonForbidden)
	server.Create(somePod("shop", "web"))
	address := freeport.Address(t)
	p := start(t, nil, "--kubeconfig", kubeconfig(t, server), "--events", "--listen", address)
	p.await(1)
	asked := func() (n int) {
		for _, r := range server.Requests() {
			if strings.HasSuffix(r.Path, "/events") {
				n++
			}
		}
		return n
	}
	wait.Until(t, "Events were requested three times", func() bool { return asked() >= 3 })
	if code, body := get(address, "/readyz"); code != http.StatusOK {
		t.Errorf("/readyz: %d %s", code, body)
	}
	events.Create(warning(somePod("shop", "web"), "v1", "Pod", "Unhealthy"))
	p.await(2)
	p.signal()
	_, stderr, status := p.wait()
	const rule = `may not watch events in all namespaces; no records are emitted of them until then; ` +
		`allow it with a ClusterRole: {apiGroups: [\"\"], resources: [events], verbs: [list, watch]}`
	if status != cli.ExitOK || strings.Count(stderr, rule) != 1 {
		t.Errorf("exit status %d, %d warnings, stderr:\n%s", status, strings.Count(stderr, rule), stderr)
	}
}

// TestEventsOff: without --events nothing is requested of them.
func TestEventsOff(t *testing.T) {
	server := apiServer(t)
	events := eventsOf(server)
	pod := server.Create(somePod("shop", "web"))
	events.Create(warning(pod, "v1", "Pod", "Unhealthy"))
	p := start(t, nil, "--kubeconfig", kubeconfig(t, server), "--listen=")
	p.await(1)
	server.Delete("shop", "web")
	p.await(2)
	p.signal()
	stdout, _, _ := p.wait()
	for _, r := range server.Requests() {
		if strings.Contains(r.Path, "events") {
			t.Errorf("requested %s %s", r.Verb, r.Path)
		}
	}
	if strings.Contains(stdout, "Unhealthy") {
		t.Errorf("stdout:\n%s", stdout)
	}
}

// TestEventsSelected: reasons and types narrow the Events, and what the server can leave
// out it leaves out.
func TestEventsSelected(t *testing.T) {
	server := apiServer(t)
	events := eventsOf(server)
	pod := server.Create(somePod("shop", "web"))
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := "apiVersion: podstatus/v1alpha1\nkind: Config\n" +
		"events: {enabled: true, reasons: ['Failed*', '!FailedMount'], types: [Warning]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, "--kubeconfig", kubeconfig(t, server), "--listen=", "--config", file)
	p.await(1)
	for _, reason := range []string{"Unhealthy", "FailedMount", "FailedScheduling"} {
		events.Create(warning(pod, "v1", "Pod", reason))
	}
	p.await(2)
	p.signal()
	stdout, stderr, _ := p.wait()
	if lines := linesOf(t, stdout); len(lines) != 2 || lines[1]["reason"] != "FailedScheduling" {
		t.Errorf("stdout:\n%sstderr:\n%s", stdout, stderr)
	}
	if !slices.ContainsFunc(server.Requests(), func(r apiscript.Request) bool {
		selector := r.Query.Get("fieldSelector")
		return strings.Contains(selector, "reason!=FailedMount,type=Warning") &&
			strings.Contains(selector, "involvedObject.kind!=Node")
	}) {
		t.Error("the server leaves nothing out")
	}
}

// TestEventsConfig: errors name the key.
func TestEventsConfig(t *testing.T) {
	for keys, want := range map[string]string{
		"{reasons: ['[']}":  `events.reasons[0]: "[" is not a pattern such as Failed* or !Pulled`,
		"{types: [Error]}":  `events.types[0]: "Error" is not one of Normal, Warning`,
		"{maxTracked: 1}":   "events.maxTracked: 1 is not between 1000 and 10000000",
		"{reason: ['Foo']}": `unknown key events.reason`,
	} {
		file := filepath.Join(t.TempDir(), "config.yaml")
		text := fmt.Sprintf("apiVersion: podstatus/v1alpha1\nkind: Config\nevents: %s\n", keys)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, nil, "--config", file)
		if _, stderr, status := p.wait(); status != cli.ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit status %d, stderr: %s", keys, status, stderr)
		}
	}
}
