package status

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// stored encodes and decodes the state and checks that it is unchanged. Equal values have
// equal handles.
func stored(t *testing.T, s *State) *State {
	t.Helper()
	back, err := ParseState(s.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if *s != *back {
		t.Errorf("state %+v came back as %+v", s, back)
	}
	return back
}

func TestStored(t *testing.T) {
	rules := Rules{Annotations: []string{"team", "version"}}
	for name, pod := range map[string]*corev1.Pod{
		"empty":       {},
		"busy":        busyPod(7),
		"for plugins": annotatedPod(1),
		"unicode":     changed(func(p *corev1.Pod) { p.Labels["größe"] = "日本\x00語"; p.Status.Reason = "ünïcode" }),
		"not UTF-8": changed(func(p *corev1.Pod) {
			p.Labels["\xff"] = "\xc3\x28"
			p.Name, p.Status.Reason = "a\xe2\x82",
				"\xfe"
		}),
		"long":          changed(func(p *corev1.Pod) { p.Labels["long"] = strings.Repeat("x", 100_000) }),
		"no uid":        changed(func(p *corev1.Pod) { p.UID = "" }),
		"no containers": changed(func(p *corev1.Pod) { p.Status.ContainerStatuses = nil }),
		"30 containers": changed(manyContainers),
		"deleting":      changed(beingDeleted(30)),
		"grace of zero": changed(beingDeleted(0)),
		"strange grace": changed(beingDeleted(-1 << 63)),
		"Job":           changed(ownedBy("batch/v1", "Job", "backup-28671840")),
		"StatefulSet":   changed(ownedBy("apps/v1", "StatefulSet", "db")),
		"DaemonSet":     changed(ownedBy("apps/v1", "DaemonSet", "agent")),
		"service": changed(func(p *corev1.Pod) {
			for _, key := range []string{"name", "namespace", "version", "instance.id"} {
				p.Annotations = map[string]string{"resource.opentelemetry.io/service." + key: "own " + key}
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := rules.Of(pod)
			back := stored(t, s)
			if back.Name() != pod.Name || back.UID() != string(pod.UID) || back.ResourceVersion() != pod.ResourceVersion ||
				back.Namespace() != pod.Namespace {
				t.Errorf("it came back as that of %q %q %q %q", back.Namespace(), back.Name(), back.UID(), back.ResourceVersion())
			}
		})
	}
}

func changed(change func(*corev1.Pod)) *corev1.Pod {
	pod := busyPod(1)
	change(pod)
	return pod
}

func beingDeleted(grace int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &metav1.Time{Time: time.Unix(5, 0)}, &grace
	}
}

func ownedBy(apiVersion, kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: apiVersion, Kind: kind, Name: name, UID: "u", Controller: new(true),
		}}
	}
}

func manyContainers(p *corev1.Pod) {
	p.Status.ContainerStatuses = nil
	for i := range int32(30) {
		c := corev1.ContainerStatus{Name: fmt.Sprint("c", i), RestartCount: i - 5, Ready: i%2 == 0}
		switch i % 3 {
		case 1:
			c.State.Running = &corev1.ContainerStateRunning{}
		case 2:
			c.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: -i, Message: "m"}
		}
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, c)
	}
}

// TestAppend checks that Append keeps the contents of the slice and uses its capacity.
func TestAppend(t *testing.T) {
	s := Rules{}.Of(busyPod(1))
	alone := s.Append(nil)
	buffer := append(make([]byte, 0, 4096), "before"...)
	got := s.Append(buffer)
	if string(got) != "before"+string(alone) || &got[0] != &buffer[0] {
		t.Errorf("got %q", got)
	}
	if _, err := ParseState(got[len("before"):]); err != nil {
		t.Error(err)
	}
	t.Logf("%d bytes", len(alone))
}

// TestStoredSize checks that decoded states share memory like those made from pods,
// and limits the size of their encoding.
func TestStoredSize(t *testing.T) {
	const pods, most, mostStored = 15_000, 240, 600
	stored := make([][]byte, pods)
	size := 0
	for i := range stored {
		stored[i] = Rules{}.Of(busyPod(i)).Append(nil)
		size += len(stored[i])
	}
	states := make(map[podName]*State, pods)
	before := heap()
	for _, b := range stored {
		s, err := ParseState(b)
		if err != nil {
			t.Fatal(err)
		}
		states[nameOf(s)] = s
	}
	perPod := (heap() - before) / pods
	t.Logf("%d bytes per pod, %d when stored", perPod, size/pods)
	if perPod > most || size/pods > mostStored {
		t.Errorf("want at most %d bytes per pod, and %d when stored", most, mostStored)
	}
	runtime.KeepAlive(states)
	runtime.KeepAlive(stored)
}

// FuzzStored checks that the state of any pod survives encoding and gives the same
// records for the next version.
func FuzzStored(f *testing.F) {
	pod, _ := json.Marshal(busyPod(1))
	other, _ := json.Marshal(changed(beingDeleted(30)))
	f.Add(pod, other)
	f.Add([]byte(`{}`),
		[]byte(`{"status":{"containerStatuses":[{},{"name":"x","restartCount":-5,"lastState":{"terminated":{}}}]}}`))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		var a, b corev1.Pod
		if json.Unmarshal(one, &a) != nil || json.Unmarshal(other, &b) != nil {
			return
		}
		rules := Rules{EveryUpdate: true, ServiceFromLabels: true, Annotations: []string{"a"}}
		at := time.Unix(1, 0)
		prev := rules.Of(&a)
		back := stored(t, prev)
		next, records := rules.Update(prev, &b, at, true)
		nextBack, recordsBack := rules.Update(back, &b, at, true)
		if *next != *nextBack || !reflect.DeepEqual(records, recordsBack) {
			t.Errorf("records %+v, want %+v", recordsBack, records)
		}
		if got, want := rules.Delete(back, &b, at), rules.Delete(prev, &b, at); !reflect.DeepEqual(got, want) {
			t.Errorf("records %+v, want %+v", got, want)
		}
	})
}

func BenchmarkStored(b *testing.B) {
	s := Rules{}.Of(busyPod(1))
	stored := s.Append(nil)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for buffer := stored; b.Loop(); {
			buffer = s.Append(buffer[:0])
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseState(stored); err != nil {
				b.Fatal(err)
			}
		}
	})
}
