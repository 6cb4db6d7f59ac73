package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

// objectOf is a message as API servers send it.
func objectOf(tb testing.TB, kind string, message []byte) []byte {
	tb.Helper()
	u := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: message}
	b, err := u.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return append([]byte(magic), b...)
}

// read reads a list to its end or until an error.
func read(body io.Reader) (list *List, items [][]byte, err error) {
	list, err = NewList(bufio.NewReader(body), "v1", "PodList")
	for err == nil {
		var item []byte
		if item, err = list.Next(); err == nil {
			items = append(items, bytes.Clone(item))
		}
	}
	return list, items, err
}

func podList(tb testing.TB) []byte {
	tb.Helper()
	all := corev1.PodList{ListMeta: metav1.ListMeta{
		ResourceVersion: "17", Continue: "next", RemainingItemCount: new(int64(5)),
	}}
	for _, size := range []int{2 << 10, 5 << 10, 15 << 10} {
		all.Items = append(all.Items, corev1.Pod{}, *apiscript.PodOfSize("shop", "cart", size))
	}
	b, err := all.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestList holds that a list has the items that the generated code reads, and that a
// list which is cut anywhere is an error.
func TestList(t *testing.T) {
	message := podList(t)
	var want corev1.PodList
	if err := want.Unmarshal(message); err != nil {
		t.Fatal(err)
	}
	whole := objectOf(t, "PodList", message)
	list, items, err := read(bytes.NewReader(whole))
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if list.ResourceVersion != "17" || list.Continue != "next" || len(items) != len(want.Items) {
		t.Errorf("a list at %s, to go on at %s, of %d pods", list.ResourceVersion, list.Continue, len(items))
	}
	for i := range items {
		var pod corev1.Pod
		if err := pod.Unmarshal(items[i]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Items[i], pod); diff != "" {
			t.Errorf("pod %d (-want +got):\n%s", i, diff)
		}
	}
	for n := 0; n < len(whole); n += 1 + n/100 {
		if _, _, err := read(bytes.NewReader(whole[:n])); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("after %d bytes of %d: error %v", n, len(whole), err)
		}
	}
}

// TestListIsLeftAlone: nothing is consumed of any other answer.
func TestListIsLeftAlone(t *testing.T) {
	for name, body := range map[string][]byte{
		"JSON":        []byte(`{"kind":"PodList"}`),
		"a status":    objectOf(t, "Status", []byte("x")),
		"other items": objectOf(t, "EventList", []byte("x")),
		"nothing":     nil,
		"no message":  []byte(magic),
		"other order": append([]byte(magic),
			protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "x")...),
		"cut in kind":  objectOf(t, "PodList", nil)[:9],
		"no magic":     objectOf(t, "PodList", nil)[1:],
		"other length": objectOf(t, "PodList", nil)[:len(magic)+13],
	} {
		t.Run(name, func(t *testing.T) {
			in := bufio.NewReader(bytes.NewReader(body))
			if _, err := NewList(in, "v1", "PodList"); !errors.Is(err, ErrNoList) {
				t.Errorf("error %v", err)
			}
			if rest, _ := io.ReadAll(in); !bytes.Equal(rest, body) {
				t.Errorf("left are %q of %q", rest, body)
			}
		})
	}
}

// TestListOfTheFuture: unknown fields are skipped, and are an error if they can't be.
func TestListOfTheFuture(t *testing.T) {
	var b []byte
	b = protowire.AppendVarint(protowire.AppendTag(b, 9, protowire.VarintType), 1<<60)
	b = protowire.AppendFixed32(protowire.AppendTag(b, 9, protowire.Fixed32Type), 1)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 9, protowire.Fixed64Type), 1)
	b = protowire.AppendString(protowire.AppendTag(b, 9, protowire.BytesType), "x")
	item := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "pod")
	_, items, err := read(bytes.NewReader(objectOf(t, "PodList", append(b, item...))))
	if !errors.Is(err, io.EOF) || len(items) != 1 || string(items[0]) != "pod" {
		t.Errorf("%q, error %v", items, err)
	}
	for name, bad := range map[string][]byte{
		"a group":      protowire.AppendTag(nil, 9, protowire.StartGroupType),
		"field 0":      {2},
		"too large":    protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.BytesType), maxObject+1),
		"bad metadata": protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "\xff"),
		"cut":          item[:3],
	} {
		if _, _, err := read(bytes.NewReader(objectOf(t, "PodList", bad))); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzList: a list has the items that the generated code reads.
func FuzzList(f *testing.F) {
	f.Add(podList(f))
	f.Fuzz(func(t *testing.T, message []byte) {
		var want corev1.PodList
		list, items, err := read(bytes.NewReader(objectOf(t, "PodList", message)))
		if full := want.Unmarshal(message); full != nil || !errors.Is(err, io.EOF) {
			return
		}
		if len(items) != len(want.Items) || list.ResourceVersion != want.ResourceVersion || list.Continue != want.Continue {
			t.Errorf("%d items at %q, want %d at %q", len(items), list.ResourceVersion, len(want.Items), want.ResourceVersion)
		}
	})
}

// FuzzEvent: an event is read as the generated code reads it.
func FuzzEvent(f *testing.F) {
	pod := objectOf(f, "Pod", marshal(f, apiscript.PodOfSize("shop", "cart", 2<<10)))
	for _, ev := range []metav1.WatchEvent{{Type: "ADDED", Object: runtime.RawExtension{Raw: pod}}, {Type: "ERROR"}} {
		b, err := ev.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var want metav1.WatchEvent
		typ, object, ok := Event(frame)
		if want.Unmarshal(frame) != nil || !ok {
			return
		}
		if string(typ) != want.Type || !bytes.Equal(object, want.Object.Raw) {
			t.Errorf("%q %q, want %+v", typ, object, want)
		}
		var unknown runtime.Unknown
		message, ok := Object(object, "v1", "Pod")
		if ok && unknown.Unmarshal(object[len(magic):]) == nil &&
			(!bytes.Equal(message, unknown.Raw) ||
				!reflect.DeepEqual(unknown.TypeMeta, runtime.TypeMeta{APIVersion: "v1", Kind: "Pod"})) {
			t.Errorf("message %q, want %+v", message, unknown)
		}
	})
}

func marshal(tb testing.TB, p *corev1.Pod) []byte {
	tb.Helper()
	b, err := p.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
