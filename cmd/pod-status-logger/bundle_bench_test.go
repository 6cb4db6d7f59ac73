package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/watchtest"
)

// BenchmarkBundle compares the CPU time of a record with the bundle plugin, its
// process and the look-ups of owners included, with that without, by turns in
// one run. An event gives one record on stdout; it costs neither network nor
// decoding, in which the plugin has no part. Plugins are sent batches of 64.
// "ratio" is the records per CPU second with, by those without.
func BenchmarkBundle(b *testing.B) {
	for name, event := range map[string]func(i int) watch.Event{
		"changes":   changes(1000),
		"creations": creation, // of pods that the plugin has not been asked about
	} {
		b.Run(name, func(b *testing.B) {
			const events = 20_000
			server := watchtest.NewServer()
			defer server.Close()
			setOwners(server)
			var without, with time.Duration
			for b.Loop() {
				without += cpuOf(b, server, nil, event, events)
				with += cpuOf(b, server, defaultPlugins(), event, events)
			}
			n := time.Duration(b.N * events)
			b.ReportMetric(float64(without/n), "cpu-ns/record-without")
			b.ReportMetric(float64(with/n), "cpu-ns/record-with")
			b.ReportMetric(without.Seconds()/with.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op") // of no interest
		})
	}
}

// cpuOf returns the CPU time that the service, with its plugins, takes for so
// many events.
func cpuOf(b *testing.B, server *watchtest.Server, plugins []PluginConfig, event func(i int) watch.Event, events int) time.Duration {
	b.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	config := DefaultConfig()
	config.Plugins = plugins
	s, err := newService(b.Context(), config, environment{
		stdout: null, stderr: os.Stderr, lookup: func(string) (string, bool) { return "", false },
	}, server.Config())
	if err != nil {
		b.Fatal(err)
	}
	defer s.close()
	const warm = 1000 // until then pods come to be known, and their owners are looked up
	var before time.Duration
	err = s.run(b.Context(), func(_ context.Context, out chan<- watch.Event) error {
		for i := range warm + events {
			if i == warm {
				before = cpuNow(b)
			}
			out <- event(i)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return cpuNow(b) - before
}

// changes has so many pods become ready and not ready by turns.
func changes(pods int) func(i int) watch.Event {
	var versions [2][]*corev1.Pod
	for i := range pods {
		ready := creation(i).Pod
		not := ready.DeepCopy()
		not.Status.ContainerStatuses[0].Ready = false
		versions[0], versions[1] = append(versions[0], ready), append(versions[1], not)
	}
	return func(i int) watch.Event {
		return watch.Event{Kind: watch.Modified, Pod: versions[i/pods%2][i%pods], Received: time.Now()}
	}
}

// creation has a new pod come.
func creation(i int) watch.Event {
	pod := *runningPod
	pod.Name = fmt.Sprintf("cart-64d8cc85cd-%06d", i)
	pod.UID = types.UID(fmt.Sprintf("5b1c8f0e-53a1-4a6e-9d1c-%012d", i))
	return watch.Event{Kind: watch.Added, Pod: &pod, Received: time.Now()}
}

var runningPod = watchtest.RunningPod("shop", "cart")

// cpuNow returns the CPU time of this process and of those that it has started.
func cpuNow(b *testing.B) (sum time.Duration) {
	b.Helper()
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		b.Fatal(err)
	}
	for _, thread := range threads {
		sum += onCPU(thread)
		children, _ := os.ReadFile(filepath.Join(thread, "children"))
		for child := range strings.FieldsSeq(string(children)) {
			tasks, _ := filepath.Glob("/proc/" + child + "/task/*")
			for _, task := range tasks {
				sum += onCPU(task)
			}
		}
	}
	return sum
}

// onCPU returns the CPU time of a thread, 0 once it has ended.
func onCPU(thread string) time.Duration {
	b, err := os.ReadFile(filepath.Join(thread, "schedstat"))
	if err != nil {
		return 0
	}
	ns, _, _ := strings.Cut(string(b), " ")
	n, _ := strconv.ParseInt(ns, 10, 64)
	return time.Duration(n)
}

// setOwners has the pods belong to a Deployment of a Helm release.
func setOwners(server *watchtest.Server) {
	release := map[string]string{"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"}
	deployment := server.SetOwner("apps/v1", "deployments", &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", Annotations: release},
	})
	server.SetOwner("apps/v1", "replicasets", &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "ReplicaSet"}, ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "cart-64d8cc85cd", UID: replicaSet, Annotations: release,
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "cart", UID: deployment.UID, Controller: new(true)}},
	}})
}

const replicaSet = "6e0fd1b2-2f6c-4a0b-9a3e-5b1f0c9a7d11" // of watchtest's pods
