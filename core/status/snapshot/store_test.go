package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// stored encodes and decodes the state and checks that it is unchanged.
func stored(t *testing.T, s *State) *State {
	t.Helper()
	b := s.Append(nil)
	back, err := ParseState(b)
	if err != nil {
		t.Fatal(err)
	}
	if !same(s, back) {
		t.Errorf("state %+v came back as %+v", s, back)
	}
	return back
}

// same compares all fields. Equal values have equal handles.
func same(a, b *State) bool {
	return reflect.DeepEqual(a, b) && a.owner == b.owner && a.node == b.node && a.phase == b.phase &&
		a.labels == b.labels && a.annotations == b.annotations && a.uncommon == b.uncommon
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
				p.Annotations = map[string]string{annotationPrefix + "service." + key: "own " + key}
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

func identified(uid, version string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.UID, p.ResourceVersion = types.UID(uid), version }
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

// TestDamaged checks that each flipped bit and each missing byte is an error.
func TestDamaged(t *testing.T) {
	good := Rules{}.Of(busyPod(1)).Append(nil)
	for i := range good {
		if _, err := ParseState(good[:i]); err == nil {
			t.Errorf("took the first %d of %d bytes", i, len(good))
		}
		for bit := range 8 {
			bad := append([]byte(nil), good...)
			bad[i] ^= 1 << bit
			if _, err := ParseState(bad); err == nil {
				t.Errorf("took another bit %d in byte %d", bit, i)
			}
		}
	}
	for name, b := range map[string][]byte{
		"nothing":      nil,
		"more":         append(append([]byte(nil), good...), 0),
		"no protobuf":  sealed([]byte("\xff\xff")),
		"half a label": sealed([]byte{8<<3 | 2, 1, 'k'}),
		"half a note":  sealed([]byte{9<<3 | 2, 1, 'k'}),
		"no kind":      sealed([]byte{13<<3 | 2, 0}),
		"unknown kind": sealed([]byte{13<<3 | 2, 2, 6 << 3, 4}),
	} {
		if s, err := ParseState(b); err == nil {
			t.Errorf("%s: took it for %+v", name, s)
		} else if !strings.HasPrefix(err.Error(), "parse pod state: ") {
			t.Errorf("%s: the error is %q", name, err)
		}
	}
}

// sealed appends the checksum to bytes that may be a state.
func sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(append(append([]byte(nil), b...), checksumTag), checksum(b))
}

// TestStoredForm checks the encoding of states: other versions of the program read it.
func TestStoredForm(t *testing.T) {
	s := &State{
		version: 7, name: "n", owner: unique.Make(owner{namespace: "ns"}),
		node: unique.Make("x"), phase: unique.Make("p"), uncommon: unique.Make(uncommon{uid: "u", grace: 30}),
		containers: pack("", []containerState{{name: "c", restarts: 2, ended: -1, kind: running, ready: true}}),
	}
	const want = "\n\x01u\x12\x01n\x1a\x017\"\x04\n\x02ns*\x01x2\x01p`<j\x0b\n\x01c \x04(\x010\x028\x01}"
	if got := s.Append(nil); string(got[:len(got)-4]) != want {
		t.Errorf("it is stored as %q, want %q", got[:len(got)-4], want)
	}
	if back, err := ParseState(sealed([]byte(want[:len(want)-1]))); err != nil || !same(s, back) {
		t.Errorf("read as %+v, %v", back, err)
	}
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

// FuzzParseState decodes any bytes, also with a valid checksum, which no fuzzer finds:
// nothing panics, and a decoded state survives encoding.
func FuzzParseState(f *testing.F) {
	for _, pod := range []*corev1.Pod{
		{}, busyPod(1), annotatedPod(1), changed(manyContainers), changed(beingDeleted(30)),
	} {
		b := Rules{Annotations: []string{"team"}}.Of(pod).Append(nil)
		f.Add(b)
		f.Add(b[:len(b)-checksumSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, sealed(b)} {
			s, err := ParseState(b)
			if err != nil {
				continue
			}
			stored(t, s)
			if records := (Rules{}).Vanished(s, time.Time{}); len(records) != 1 {
				t.Errorf("%d records", len(records))
			}
		}
	})
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
		if !same(next, nextBack) || !reflect.DeepEqual(records, recordsBack) {
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
