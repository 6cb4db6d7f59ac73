package status

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// restored returns a state as it is after it was stored.
func restored(t testing.TB, s *State) *State {
	t.Helper()
	got, err := ParseState(s.Append([]byte("before"))[len("before"):])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// same compares states with all that is in them. Handles are equal where what
// they stand for is.
func same(a, b *State) bool { return reflect.DeepEqual(a, b) }

func TestStored(t *testing.T) {
	rules := Rules{Annotations: []string{"note"}}
	bad := "bad \xff\xfe utf-8"
	grace := int64(0)
	for name, change := range map[string]func(*corev1.Pod){
		"usual":     func(*corev1.Pod) {},
		"no uid":    func(p *corev1.Pod) { p.UID = "" },
		"no labels": func(p *corev1.Pod) { p.Labels = nil },
		"no status": func(p *corev1.Pod) { p.Status = corev1.PodStatus{} },
		"noted":     func(p *corev1.Pod) { p.Annotations = map[string]string{"note": "a", "other": "b"} },
		"invalid utf-8": func(p *corev1.Pod) {
			p.Labels, p.Annotations = map[string]string{bad: bad, "": ""}, map[string]string{"note": bad}
			p.Status.Reason, p.Spec.NodeName = bad, bad
		},
		"going": func(p *corev1.Pod) {
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &metav1.Time{}, &grace
		},
		"many containers": func(p *corev1.Pod) {
			for range 30 {
				p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
					Name: bad, RestartCount: 1 << 30, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: -1}},
				})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := busyPod(1)
			change(pod)
			s := rules.Of(pod)
			if got := restored(t, s); !same(s, got) {
				t.Errorf("got %+v, want %+v", got, s)
			}
		})
	}
}

// TestStoredSize: the journal holds a state for each pod.
func TestStoredSize(t *testing.T) {
	if size := len(Rules{}.Of(busyPod(1)).Append(nil)); size > 700 {
		t.Errorf("a stored state takes %d bytes, want at most 700", size)
	}
}

func TestParseStateRefuses(t *testing.T) {
	for name, b := range map[string]string{"nothing": "", "no state": "hello", "no name": "\x1a\x01\x31"} {
		if s, err := ParseState([]byte(b)); err == nil {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

func FuzzParseState(f *testing.F) {
	f.Add(Rules{}.Of(busyPod(1)).Append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseState(b)
		if err != nil {
			return
		}
		if got := restored(t, s); !same(s, got) {
			t.Errorf("got %+v, want %+v", got, s)
		}
	})
}

func BenchmarkStored(b *testing.B) {
	s := Rules{}.Of(busyPod(1))
	buf := s.Append(nil)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = s.Append(buf[:0])
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseState(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(len(buf)), "bytes")
}
