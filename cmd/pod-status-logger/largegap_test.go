package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// gapPods is the number of pods of TestLargeGap. docs/performance.md has figures of
// 50,000.
var gapPods = flag.Int("pods", 5000, "number of pods of TestLargeGap")

// bytesPerPod is the maximum memory of a pod at the peak of a full list: its state and
// garbage. A pod has 5 KB on the wire, and 25 KB decoded.
const bytesPerPod = 2500

// TestLargeGap: without the history, the full list is compared pod by pod. It is never in
// memory as a whole.
func TestLargeGap(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	for i := range *gapPods {
		server.Create(largePod(i))
	}
	k := newKeeper(t, server, nil, "--initial=none")
	k.start()
	k.ready()
	small := peak(t, k.process.Process.Pid)
	k.restart(func() {
		for i := 0; i < *gapPods; i += 100 {
			server.Update("shop", largePod(i).Name, message("changed"))
		}
		server.Expire()
	})
	k.await((*gapPods + 99) / 100)
	k.ready()
	large := peak(t, k.process.Process.Pid)
	if status := k.stop(); status != cli.ExitOK {
		t.Errorf("exit status %d", status)
	}
	lines, _ := k.lines()
	if len(lines) != (*gapPods+99)/100 {
		t.Errorf("%d records, want one for each pod that changed", len(lines))
	}
	t.Logf("pods=%d first-list-peak=%dMB list-over-gap-peak=%dMB started-to-compared=%v state-file=%s",
		*gapPods, small>>20, large>>20, sinceStart(t, k.log()), k.fileSize())
	if base := int64(60 << 20); !raceDetector && large > base+int64(*gapPods)*bytesPerPod {
		t.Errorf("%d MB at the peak, for %d pods", large>>20, *gapPods)
	}
}

func (k *keeper) fileSize() string {
	info, err := os.Stat(k.dir + "/journal.db")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%dMB", info.Size()>>20)
}

// sinceStart returns the time between the first line of the last run in the log and the
// line about the gap.
func sinceStart(t *testing.T, log string) time.Duration {
	t.Helper()
	var start, end time.Time
	for line := range strings.Lines(log) {
		var l struct {
			Time time.Time
			Msg  string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(l.Msg, "resuming from the journal"):
			start = l.Time
		case strings.HasPrefix(l.Msg, "watch history was gone"):
			end = l.Time
		}
	}
	if start.IsZero() || end.IsZero() {
		t.Fatalf("no gap in the log:\n%s", log)
	}
	return end.Sub(start).Round(time.Millisecond)
}

// peak returns the peak of a process's resident memory.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		need.Missing(t, "the memory of a process in /proc", err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		t.Fatal("no VmHWM")
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// largePod returns a pod of realistic size, with fields that records do not need.
func largePod(i int) *corev1.Pod {
	p := somePod("shop", fmt.Sprintf("checkout-%05d-7c9d5b8f66-%05d", i/20, i))
	p.Labels = map[string]string{"app": "checkout", "pod-template-hash": "7c9d5b8f66", "version": strconv.Itoa(i / 20)}
	p.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: fmt.Sprintf("checkout-%05d-7c9d5b8f66", i/20), UID: "u",
		Controller: new(true),
	}}
	p.Spec.NodeName = fmt.Sprintf("node-%d", i%500)
	for j := range 20 {
		p.Spec.Containers[0].Env = append(p.Spec.Containers[0].Env,
			corev1.EnvVar{Name: fmt.Sprintf("SOME_VARIABLE_%d", j), Value: strings.Repeat("v", 100)})
	}
	p.Status = corev1.PodStatus{
		Phase: corev1.PodRunning,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue},
		},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "c", Image: "registry.example/shop/checkout:1.2.3", Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Unix(1521208805, 0)}},
		}},
	}
	return p
}
