package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// BenchmarkBundle compares the CPU time of a record with the bundle plugin, its
// process and the look-ups of owners included, with that without, by turns in
// one run: of the program as a process, which watches a server over the loopback
// interface and writes and sends a record for each event. Plugins are sent
// batches of 64. "ratio" is the records per CPU second with, by those without.
func BenchmarkBundle(b *testing.B) {
	for name, event := range map[string]func(server *apiscript.Server, i int){
		"changes":   change,
		"creations": creation, // of pods that the plugin has not been asked about
	} {
		b.Run(name, func(b *testing.B) {
			const events = 20_000
			var without, with time.Duration
			for b.Loop() {
				without += cpuOf(b, "none", event, events)
				with += cpuOf(b, "bundle", event, events)
			}
			n := time.Duration(b.N * events)
			b.ReportMetric(float64(without/n), "cpu-ns/record-without")
			b.ReportMetric(float64(with/n), "cpu-ns/record-with")
			b.ReportMetric(without.Seconds()/with.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op") // of no interest
		})
	}
}

// benchPods is the number of pods that there are before the events that are
// measured.
const benchPods = 1000

// cpuOf returns the CPU time that the program takes for so many events, and the
// plugins that it has started.
func cpuOf(b *testing.B, plugins string, event func(server *apiscript.Server, i int), events int) time.Duration {
	b.Helper()
	server := apiscript.NewServer(apiscript.WithPending(1<<20), apiscript.WithHistory(1<<20))
	defer server.Close()
	setOwners(server)
	for i := range benchPods {
		server.Set(pod(i))
	}
	receiver := otlptest.New(b, otlptest.Options{})
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	address := freeport.Address(b)
	program := exec.Command(self, "--kubeconfig", kubeconfig(b, server), "--listen", address, "--plugins", plugins)
	program.Args[0] = "pod-status-logger"
	program.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL())
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	}()
	sent := func(n int) func() bool {
		return func() bool {
			_, page := get(address, "/metrics")
			return strings.Contains(page,
				fmt.Sprintf("\npod_status_logger_sink_acknowledged_records_total{sink=\"otlp\"} %d\n", n))
		}
	}
	wait.Until(b, "the first records are sent", sent(benchPods))
	before := cpuOfTree(program.Process.Pid)
	for i := range events {
		event(server, benchPods+i)
	}
	wait.Until(b, "all records are sent", sent(benchPods+events))
	return cpuOfTree(program.Process.Pid) - before
}

// cpuOfTree returns the CPU time of a process and of those that it has started.
func cpuOfTree(pid int) (sum time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, thread := range threads {
		b, _ := os.ReadFile(thread)
		onCPU, _, _ := strings.Cut(string(b), " ")
		n, _ := strconv.ParseInt(onCPU, 10, 64)
		sum += time.Duration(n)
	}
	for _, child := range childrenOf(pid) {
		sum += cpuOfTree(child)
	}
	return sum
}

// change has a container of one of the pods become ready or not ready.
func change(server *apiscript.Server, i int) {
	changed := pod(i % benchPods)
	statuses := slices.Clone(changed.Status.ContainerStatuses)
	statuses[0].Ready = i/benchPods%2 == 0
	changed.Status.ContainerStatuses = statuses
	server.Set(changed)
}

// creation has a new pod come.
func creation(server *apiscript.Server, i int) { server.Set(pod(i)) }

func pod(i int) *corev1.Pod {
	p := *apiscript.RunningPod("shop", fmt.Sprintf("cart-64d8cc85cd-%06d", i))
	p.UID = types.UID(fmt.Sprintf("5b1c8f0e-53a1-4a6e-9d1c-%012d", i))
	return &p
}

// setOwners has the pods belong to a Deployment of a Helm release.
func setOwners(server *apiscript.Server) {
	release := map[string]string{"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"}
	deployment := server.SetOwner("apps/v1", "deployments", &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", Annotations: release},
	})
	server.SetOwner("apps/v1", "replicasets",
		&metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "ReplicaSet"}, ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "cart-64d8cc85cd", UID: replicaSet, Annotations: release,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "Deployment", Name: "cart", UID: deployment.UID, Controller: new(true),
			}},
		}})
}

const replicaSet = "6e0fd1b2-2f6c-4a0b-9a3e-5b1f0c9a7d11" // of apiscript's pods
