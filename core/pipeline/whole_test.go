package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/emit/emittest"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestWholeWay takes pods from a server to the in-memory exporter, over a gap in
// the history, and reads the records back.
func TestWholeWay(t *testing.T) {
	server := apiscript.NewServer(apiscript.WithAddress(freeport.Address(t)))
	defer server.Close()
	server.Create(busyPod(0))
	client, err := watch.NewClient(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	stdout := emit.NewStdout(&lines, emit.NewJSON(), func(err error) { t.Error(err) })
	emitter, exporter := emittest.New(emit.Settings{Cluster: "test", Stdout: stdout})
	p := pipeline.New(pipeline.Settings{Emitter: emitter, Meter: telemetry.NewMetrics("test"), Journal: discard{}})

	ctx, cancel := context.WithCancel(t.Context())
	events := make(chan watch.Event)
	go func() {
		defer close(events)
		_ = watch.New(watch.Settings{
			Client: client, BackoffInitial: time.Millisecond, BackoffMax: 10 * time.Millisecond,
		}).Run(ctx, "", events)
	}()
	done := make(chan error, 1)
	go func() { done <- p.Run(context.WithoutCancel(ctx), events) }()
	await := func(n int) {
		t.Helper()
		wait.Until(t, fmt.Sprint(n, " records"), func() bool { return len(exporter.Records()) >= n })
	}
	await(1)
	server.Create(busyPod(1))
	await(2)
	server.Down()
	server.Update("shop", name(1), func(p *corev1.Pod) { p.Status.ContainerStatuses[0].Ready = false })
	server.Delete("shop", name(0))
	server.Create(busyPod(2))
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	await(2 + 1 + 1 + 2)
	server.Delete("shop", name(2))
	await(7)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	type line struct {
		Event, Pod string
		Container  any
		Recovered  bool
	}
	counts := map[line]int{}
	for i, r := range exporter.Records() {
		a := emittest.Attributes(&r)
		if a[record.AttrSeq] != int64(i+1) {
			t.Errorf("record %d has seq %v", i, a[record.AttrSeq])
		}
		counts[line{
			r.EventName(), a[record.AttrPodName].(string), a[record.AttrContainer], a[record.AttrRecovered] == true,
		}]++
	}
	want := map[line]int{
		{"podstatus.create", name(0), nil, false}:       1,
		{"podstatus.create", name(1), nil, false}:       1,
		{"podstatus.update", name(1), "checkout", true}: 1,
		{"podstatus.delete", name(0), nil, true}:        1,
		{"podstatus.create", name(2), nil, true}:        1,
		{"podstatus.update", name(2), "checkout", true}: 1, // a hidden termination; the container runs and is ready
		{"podstatus.delete", name(2), nil, false}:       1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got := bytes.Count(lines.Bytes(), []byte("\n")); got != 7 {
		t.Errorf("%d lines on stdout, want 7", got)
	}
}

// BenchmarkPipeline is the cost of an event without network and journal: comparing, the
// bridge, the line and the OTLP encoding. Each event has one record.
func BenchmarkPipeline(b *testing.B) {
	for _, sinks := range []string{"stdout", "stdout+otlp"} {
		b.Run(sinks, func(b *testing.B) { benchmark(b, sinks == "stdout+otlp", discard{}, false) })
	}
}

// BenchmarkJournals is the same with both sinks, a journal, and a consumer. It compares the
// journal in a file, with fsync, with the one in memory.
func BenchmarkJournals(b *testing.B) {
	options := journal.Options{Capacity: 1 << 30, OnError: func(err error) { b.Error(err) }}
	b.Run("memory", func(b *testing.B) { benchmarkJournal(b, journal.NewMemory(options), false) })
	b.Run("disk", func(b *testing.B) {
		store, err := boltstore.Open(b.TempDir(), boltstore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		j, err := journal.Open(store, options)
		if err != nil {
			b.Fatal(err)
		}
		benchmarkJournal(b, j, true)
	})
}

func benchmarkJournal(b *testing.B, j *journal.Journal, stored bool) {
	outbox := j.Outbox(journal.Logs)
	var consumer sync.WaitGroup
	consumer.Go(func() {
		for {
			batch, err := outbox.Next(context.Background(), 3<<20, 2048)
			if errors.Is(err, journal.ErrClosed) {
				return
			}
			if err := errors.Join(err, outbox.Ack(batch)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	benchmark(b, true, j, stored)
	b.StopTimer()
	j.Seal()
	consumer.Wait()
	if err := j.Close(); err != nil {
		b.Error(err)
	}
}

func benchmark(b *testing.B, withOTLP bool, j pipeline.Journal, stored bool) {
	stdout := emit.NewStdout(io.Discard, emit.NewJSON(), func(err error) { b.Error(err) })
	emitter := emit.New(emit.Settings{Stdout: stdout, OTLP: withOTLP})
	p := pipeline.New(pipeline.Settings{Meter: telemetry.NewMetrics("test"), Journal: j, Stored: stored, Emitter: emitter})

	const pods = 100
	var versions [2][pods]*corev1.Pod
	for i := range pods {
		versions[0][i], versions[1][i] = busyPod(i), busyPod(i)
		versions[1][i].Status.ContainerStatuses[0].Ready = false
	}
	events := make(chan watch.Event, 256)
	done := make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	go func() { done <- p.Run(context.Background(), events) }()
	for i := range b.N {
		events <- watch.Event{Kind: watch.Modified, Object: versions[i/pods%2][i%pods], Received: time.Now()}
	}
	close(events)
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

type discard struct{}

func (discard) Commit(context.Context, journal.Group) error { return nil }
func (discard) Written()                                    {}
func (discard) Dropped() journal.Drop                       { return journal.Drop{} }
func (discard) Stats() journal.Stats                        { return journal.Stats{} }

func name(i int) string { return fmt.Sprintf("checkout-6b8f9d7d5c-%05d", i) }

// busyPod is a pod with two containers, one of which has crashed, and ten labels.
func busyPod(i int) *corev1.Pod {
	started := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Unix(1521208805, 0)}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name(i), Namespace: "shop", UID: types.UID(fmt.Sprintf("5b1c8f0e-53a1-4a6e-9d1c-%012d", i)),
			Labels: map[string]string{
				"app": "checkout", "app.kubernetes.io/instance": "checkout-prod", "app.kubernetes.io/managed-by": "Helm",
				"app.kubernetes.io/name": "checkout", "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "1.9.0",
				"helm.sh/chart": "checkout-1.9.0", "pod-template-hash": "6b8f9d7d5c", "tier": "backend", "track": "stable",
			},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "checkout-6b8f9d7d5c", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{
			{Name: "checkout", Image: "shop/checkout:1.9.0"}, {Name: "proxy", Image: "proxy:3"},
		}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning,
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
				{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
				{Type: corev1.ContainersReady, Status: corev1.ConditionTrue},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue},
			},
			ContainerStatuses: []corev1.ContainerStatus{
				{
					Name: "checkout", Image: "shop/checkout:1.9.0", Ready: true, RestartCount: 1, State: started,
					LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
						ExitCode: 137, Signal: 9, Reason: "OOMKilled",
					}},
				},
				{Name: "proxy", Image: "proxy:3", Ready: true, State: started},
			},
		},
	}
}
