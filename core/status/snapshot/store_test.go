package snapshot

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// samplePod returns a pod of a Deployment with a label, an annotation, two conditions and
// two containers, one with a device.
func samplePod() *corev1.Pod {
	ended := &corev1.ContainerStateTerminated{ExitCode: 137, Signal: 9, Reason: "OOMKilled"}
	health := []corev1.ResourceHealth{{ResourceID: "gpu-0", Health: corev1.ResourceHealthStatusHealthy}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "cart-5f6d8b7c94-x2x4z", ResourceVersion: "7",
			UID:         "5b1c8f0e-53a1-4a6e-9d1c-0123456789ab",
			Labels:      map[string]string{"pod-template-hash": "5f6d8b7c94"},
			Annotations: map[string]string{"team": "a"},
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "cart-5f6d8b7c94", UID: "2", Controller: new(true)},
			},
		},
		Spec: corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{Name: "web", Image: "cart:1.4"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, Message: "m",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: "True"}, {Type: "own", Status: "odd"}},
			ContainerStatuses: []corev1.ContainerStatus{
				{Name: "web", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
				{
					Name: "proxy", RestartCount: 1, LastTerminationState: corev1.ContainerState{Terminated: ended},
					AllocatedResourcesStatus: []corev1.ResourceStatus{{Name: "claim:gpu", Resources: health}},
				},
			},
		},
	}
}

// stateOf returns the state of a pod, with the annotation "team".
func stateOf(pod *corev1.Pod) *State {
	var list []Container
	for i := range pod.Status.ContainerStatuses {
		list = append(list, ContainerOf(&pod.Status.ContainerStatuses[i]))
	}
	return Settings{Annotations: []string{"team"}}.Of(nil, pod, Pack("", list))
}

// TestDamaged checks that each flipped bit and each missing byte is an error.
func TestDamaged(t *testing.T) {
	good := stateOf(samplePod()).Append(nil)
	for i := range good {
		if _, err := Parse(good[:i]); err == nil {
			t.Errorf("took the first %d of %d bytes", i, len(good))
		}
		for bit := range 8 {
			bad := append([]byte(nil), good...)
			bad[i] ^= 1 << bit
			if _, err := Parse(bad); err == nil {
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
		if s, err := Parse(b); err == nil {
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
		containers: Pack("", []Container{{Name: "c", Restarts: 2, Ended: -1, Kind: Running, Ready: true}}),
	}
	const want = "\n\x01u\x12\x01n\x1a\x017\"\x04\n\x02ns*\x01x2\x01p`<j\x0b\n\x01c \x04(\x010\x028\x01}"
	if got := s.Append(nil); string(got[:len(got)-4]) != want {
		t.Errorf("it is stored as %q, want %q", got[:len(got)-4], want)
	}
	if back, err := Parse(sealed([]byte(want[:len(want)-1]))); err != nil || *s != *back {
		t.Errorf("read as %+v, %v", back, err)
	}
}

// FuzzParse decodes any bytes, also with a valid checksum, which no fuzzer finds:
// nothing panics, and a decoded state survives encoding.
func FuzzParse(f *testing.F) {
	deleted := samplePod()
	deleted.DeletionTimestamp = &metav1.Time{Time: time.Unix(5, 0)}
	for _, pod := range []*corev1.Pod{{}, samplePod(), deleted} {
		b := stateOf(pod).Append(nil)
		f.Add(b)
		f.Add(b[:len(b)-checksumSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, sealed(b)} {
			s, err := Parse(b)
			if err != nil {
				continue
			}
			back, err := Parse(s.Append(nil))
			if err != nil || *s != *back {
				t.Errorf("state %+v came back as %+v, %v", s, back, err)
			}
			if pod := s.Pod(nil); pod.Name != s.Name() || pod.UID != s.UID() {
				t.Errorf("its records have the pod %+v", pod)
			}
			s.Cause()
		}
	})
}
