package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// ofVersion returns a pod of a version of the Deployment web.
func ofVersion(version, name string) *corev1.Pod {
	pod := somePod("shop", name)
	yes := true
	pod.Labels["pod-template-hash"] = version
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-" + version, UID: "u", Controller: &yes,
	}}
	return pod
}

// schedule and becomeReady are the steps of a pod's start.
func schedule(p *corev1.Pod) {
	p.Spec.NodeName = "n1"
	p.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now().Rfc3339Copy()},
	}
}

func becomeReady(p *corev1.Pod) {
	now := metav1.Now().Rfc3339Copy()
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = append(p.Status.Conditions,
		corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now})
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "c", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
	}}
}

// starts starts pods of a version of the Deployment web, one after the other.
func starts(server *apiscript.Server, version string, pods int) {
	for i := range pods {
		name := fmt.Sprint(version, "-", i)
		server.Create(ofVersion(version, name))
		time.Sleep(3 * time.Millisecond) // a cluster takes its time, too
		server.Update("shop", name, schedule)
		server.Update("shop", name, becomeReady)
	}
}

// TestSpansKilled: the program is killed repeatedly while pods start. Each span arrives with one content, each pod
// starts once, and all are in the rollout of their version.
func TestSpansKilled(t *testing.T) {
	t.Parallel()
	const pods, kills = 200, 20
	server := apiServer(t)
	receiver := otlptest.New(t, otlptest.Options{})
	server.Create(somePod("shop", "before"))
	k := newKeeper(t, server, receiver, "--otlp-traces")
	k.start()
	k.await(1) // later pods are new, however soon the program is killed
	done := make(chan struct{})
	go func() {
		defer close(done)
		starts(server, "v1", pods)
	}()
	for range kills {
		k.kill()
		k.start()
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond)
	}
	<-done
	server.Create(ofVersion("v2", "v2-0")) // ends the rollout of v1
	wait.Until(t, "the end of the rollout", func() bool { return len(spansNamed(t, receiver, "rollout web")) == 1 })
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	root := spansNamed(t, receiver, "rollout web")[0]
	if result := stringIn(root.GetAttributes(), "cicd.pipeline.result"); result != "cancellation" {
		t.Errorf("result %q", result)
	}
	started := spansNamed(t, receiver, "pod start")
	if len(started) != pods {
		t.Errorf("%d starts of %d pods", len(started), pods)
	}
	for _, s := range started {
		if string(s.GetParentSpanId()) != string(root.GetSpanId()) || string(s.GetTraceId()) != string(root.GetTraceId()) {
			t.Fatalf("a start is not in the rollout: %v", s)
		}
		if s.GetStartTimeUnixNano() < root.GetStartTimeUnixNano() || s.GetEndTimeUnixNano() > root.GetEndTimeUnixNano() {
			t.Errorf("a start is not within the rollout: %v, %v", s, root)
		}
	}
	if n := len(spansNamed(t, receiver, "start to ready")); n != pods {
		t.Errorf("%d phases of %d pods", n, pods)
	}
	checkContexts(t, receiver, started)
}

// spansNamed returns the spans of that name without duplicates, which have the same content.
func spansNamed(t *testing.T, receiver *otlptest.Receiver, name string) (list []*tracepb.Span) {
	t.Helper()
	seen := map[string]*tracepb.Span{}
	for _, request := range receiver.Requests() {
		for _, resource := range request.Spans {
			span := resource.GetScopeSpans()[0].GetSpans()[0]
			id := string(span.GetTraceId()) + string(span.GetSpanId())
			if before := seen[id]; before != nil && !proto.Equal(before, span) {
				t.Fatalf("a span was sent with other content:\n%v\n%v", before, span)
			} else if before == nil && span.GetName() == name {
				list = append(list, span)
			}
			seen[id] = span
		}
	}
	return list
}

// checkContexts: the records of pods are in the starts of their pods, and sampled.
func checkContexts(t *testing.T, receiver *otlptest.Receiver, started []*tracepb.Span) {
	t.Helper()
	ids := map[string]bool{}
	for _, s := range started {
		ids[string(s.GetTraceId())+string(s.GetSpanId())] = true
	}
	for _, request := range receiver.Requests() {
		for _, resource := range request.Logs {
			pod := stringIn(resource.GetResource().GetAttributes(), record.AttrPodName)
			r := resource.GetScopeLogs()[0].GetLogRecords()[0]
			if strings.HasPrefix(pod, "v1-") && (!ids[string(r.GetTraceId())+string(r.GetSpanId())] || r.GetFlags() != 1) {
				t.Fatalf("a record of %s is in no start of a pod: %v", pod, r)
			}
		}
	}
}

// TestReceiverWithoutTraces: a receiver of logs alone gets all records, and the log says once that spans are lost. The
// ledger of spans adds up.
func TestReceiverWithoutTraces(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]otlptest.Options{
		"grpc": {LogsOnly: true}, "http/protobuf": {LogsOnly: true, HTTP: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apiServer(t)
			receiver := otlptest.New(t, o)
			k := newKeeper(t, server, receiver, "--otlp-traces", "--otlp-protocol", name)
			k.start()
			k.ready()
			starts(server, "v1", 5)
			k.await(5)
			const rejected = `sink_rejected_records_total{sink="otlp_traces"}`
			const waiting = `sink_waiting_records{sink="otlp_traces"}`
			wait.Until(t, "all spans are given up, and none waits", func() bool {
				return k.metric(rejected) >= 16 && k.metric(waiting) == 0
			})
			if status := k.stop(); status != cli.ExitOK {
				t.Errorf("exit status %d: %s", status, k.log())
			}
			if n := strings.Count(k.log(), "OTLP receiver takes no spans"); n != 1 {
				t.Errorf("%d warnings, want 1", n)
			}
			lines, _ := k.lines()
			if received, _ := k.received(); len(received) != len(lines) {
				t.Errorf("%d records received, %d on stdout", len(received), len(lines))
			}
		})
	}
}

// TestSpansSwitchedOff: what waits of spans does not keep later runs from ending, and nothing else changes.
func TestSpansSwitchedOff(t *testing.T) {
	server := apiServer(t)
	receiver := otlptest.New(t, otlptest.Options{})
	traces := otlptest.Unreachable(t, otlptest.Options{})
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces.URL())
	k := newKeeper(t, server, receiver)
	k.start("--otlp-traces")
	k.ready()
	starts(server, "v1", 1)
	wait.Until(t, "spans wait", func() bool { return k.metric(`sink_waiting_records{sink="otlp_traces"}`) >= 4 })
	k.kill()
	k.start()
	k.ready()
	server.Create(somePod("shop", "later"))
	k.await(3)
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	if log := k.log(); !strings.Contains(log, "spans of an earlier run are discarded") {
		t.Errorf("no word about the spans:\n%s", log)
	}
}

// TestTraceReceiverAway: a receiver of spans that is away keeps no run from its end, and nothing calls its spans
// records that are left.
func TestTraceReceiverAway(t *testing.T) {
	server := apiServer(t)
	receiver := otlptest.New(t, otlptest.Options{})
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", otlptest.Unreachable(t, otlptest.Options{}).URL())
	k := newKeeper(t, server, receiver, "--otlp-traces")
	k.start()
	k.ready()
	starts(server, "v1", 1)
	wait.Until(t, "spans wait, and no records", func() bool {
		return k.metric(`sink_waiting_records{sink="otlp_traces"}`) >= 4 &&
			k.metric(`sink_acknowledged_records_total{sink="otlp"}`) >= 1 &&
			k.metric(`sink_waiting_records{sink="otlp"}`) == 0
	})
	if oldest := k.metric("journal_oldest_seconds"); oldest != 0 {
		t.Errorf("the oldest record is %v seconds old", oldest)
	}
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d: %s", status, k.log())
	}
	if log := k.log(); !strings.Contains(log, "spans are left") || strings.Contains(log, "records are left") {
		t.Errorf("spans are not named as what is left:\n%s", log)
	}
}

// TestTracesPage: the commands of docs/traces.md print the output that the page shows.
func TestTracesPage(t *testing.T) {
	docblocks.Shell{Dir: t.TempDir(), Env: os.Environ()}.Check(t, stepsOf(t, "docs/traces.md"))
}

// TestTracesReceiver: variables for traces name their receiver, and switch spans on and off.
func TestTracesReceiver(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	records, traces := otlptest.New(t, otlptest.Options{}), otlptest.New(t, otlptest.Options{HTTP: true})
	env := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": records.URL(), "OTEL_TRACES_EXPORTER": "otlp",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": traces.URL() + "/v1/traces",
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
	}
	run := func(version string) {
		p := start(t, env, "--kubeconfig", kubeconfig(t, server), "--listen=", "--plugins=none")
		defer p.wait()
		defer p.signal()
		wait.Until(t, "the first list", func() bool { return strings.Contains(p.read(p.stderr), "pods listed") })
		starts(server, version, 1)
		p.await(3)
	}
	run("v1")
	wait.Until(t, "the start of the pod", func() bool { return len(spansNamed(t, traces, "pod start")) == 1 })
	if n := len(spansNamed(t, records, "pod start")); n != 0 {
		t.Errorf("%d spans came to the receiver of records", n)
	}
	before := len(traces.Requests())
	env["OTEL_TRACES_EXPORTER"] = "none"
	run("v2")
	if n := len(traces.Requests()) - before; n != 0 {
		t.Errorf("%d requests with spans, which are off", n)
	}
	for _, request := range records.Requests() {
		for _, resource := range request.Logs {
			r := resource.GetScopeLogs()[0].GetLogRecords()[0]
			pod := stringIn(resource.GetResource().GetAttributes(), record.AttrPodName)
			if pod == "v2-0" && len(r.GetTraceId()) > 0 {
				t.Errorf("a record of a pod without a bundle has a trace: %v", r)
			}
		}
	}
}
