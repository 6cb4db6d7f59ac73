package eventwire

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// TestDecode holds that every Event is read as the generated code reads it, also into
// the memory of another one.
func TestDecode(t *testing.T) {
	d, used := NewDecoder(), new(Event)
	for name, e := range corpus(500) {
		b := marshal(t, e)
		if !d.event(b, new(Event)) {
			t.Errorf("%s: left to the generated code", name)
		}
		check(t, name, d, b, used)
	}
}

// TestEachField holds that the numbers of fields are those of the generated code.
func TestEachField(t *testing.T) {
	now, exact := metav1.Unix(1521208805, 0), metav1.NewMicroTime(metav1.Unix(1521208805, 5000).Time)
	about := func(o corev1.ObjectReference) corev1.Event { return corev1.Event{InvolvedObject: o} }
	meta := func(m metav1.ObjectMeta) corev1.Event { return corev1.Event{ObjectMeta: m} }
	for _, want := range []corev1.Event{
		meta(metav1.ObjectMeta{Name: "x"}), meta(metav1.ObjectMeta{Namespace: "x"}), meta(metav1.ObjectMeta{UID: "x"}),
		meta(metav1.ObjectMeta{ResourceVersion: "x"}), meta(metav1.ObjectMeta{CreationTimestamp: now}),
		about(corev1.ObjectReference{Kind: "x"}), about(corev1.ObjectReference{Namespace: "x"}),
		about(corev1.ObjectReference{Name: "x"}), about(corev1.ObjectReference{UID: "x"}),
		about(corev1.ObjectReference{APIVersion: "x"}), about(corev1.ObjectReference{FieldPath: "x"}),
		{Reason: "x"},
		{Message: "x"},
		{Type: "x"},
		{Count: 7},
		{ReportingController: "x"},
		{Source: corev1.EventSource{Component: "x"}},
		{FirstTimestamp: now},
		{LastTimestamp: now},
		{EventTime: exact},
		{Series: &corev1.EventSeries{Count: 7}},
		{Series: &corev1.EventSeries{LastObservedTime: exact}},
	} {
		var got Event
		if err := NewDecoder().Decode(marshal(t, &want), &got); err != nil || !reflect.DeepEqual(want, got.Event) {
			t.Errorf("error %v (-want +got):\n%s", err, cmp.Diff(want, got.Event))
		}
	}
}

// TestTruncated: an Event that ends somewhere within is an error wherever it is one for
// the generated code.
func TestTruncated(t *testing.T) {
	b := marshal(t, corpus(0)["usual"])
	d, into := NewDecoder(), new(Event)
	for n := range b {
		if err, full := d.Decode(b[:n], into), new(corev1.Event).Unmarshal(b[:n]); (err == nil) != (full == nil) {
			t.Errorf("after %d bytes: error %v, that of the generated code is %v", n, err, full)
		}
	}
}

// FuzzDecode: whenever the generated code accepts the bytes they are accepted here, with
// the same result.
func FuzzDecode(f *testing.F) {
	for _, e := range corpus(50) {
		f.Add(marshal(f, e))
	}
	d, used := NewDecoder(), new(Event)
	f.Fuzz(func(t *testing.T, b []byte) { check(t, "fuzz", d, b, used) })
}

// check decodes b in both ways.
func check(t *testing.T, name string, d *Decoder, b []byte, into *Event) {
	t.Helper()
	var full corev1.Event
	if err := full.Unmarshal(b); err != nil {
		_ = d.Decode(b, into) // the damage may be in a skipped field
		return
	}
	if err := d.Decode(b, into); err != nil {
		t.Fatalf("%s: %v, and the generated code takes it\n%x", name, err, b)
	}
	if want, got := only(&full), only(&into.Event); !reflect.DeepEqual(want, got) {
		t.Fatalf("%s (-generated code +here):\n%s\n%x", name, cmp.Diff(want, got), b)
	}
	if d.event(b, &Event{}) && !reflect.DeepEqual(only(&into.Event), &into.Event) {
		t.Fatalf("%s: fields that should be skipped were read", name)
	}
}

// only returns the fields that the decoder reads.
func only(e *corev1.Event) *corev1.Event {
	m, o := e.ObjectMeta, e.InvolvedObject
	some := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion,
			CreationTimestamp: m.CreationTimestamp,
		},
		InvolvedObject: corev1.ObjectReference{
			Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID, APIVersion: o.APIVersion, FieldPath: o.FieldPath,
		},
		Reason: e.Reason, Message: e.Message, Type: e.Type, Count: e.Count, ReportingController: e.ReportingController,
		Source:         corev1.EventSource{Component: e.Source.Component},
		FirstTimestamp: e.FirstTimestamp, LastTimestamp: e.LastTimestamp, EventTime: e.EventTime,
	}
	if s := e.Series; s != nil {
		some.Series = &corev1.EventSeries{Count: s.Count, LastObservedTime: s.LastObservedTime}
	}
	return some
}

func corpus(random int) map[string]*corev1.Event {
	events := map[string]*corev1.Event{
		"zero": {},
		"usual": {
			ObjectMeta: metav1.ObjectMeta{
				Name: "cart.18ecdb4d5d0ed16e", Namespace: "shop", UID: "43c58068-bbab-46e3-accf-a5f21addeed3",
				ResourceVersion: "2933", CreationTimestamp: metav1.Unix(1521208805, 0),
			},
			InvolvedObject: corev1.ObjectReference{
				APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: "cart", UID: "5da8b8e9-6c5d-43f7-8d50-de703cc29f40",
				FieldPath: "spec.containers{cart}",
			},
			Reason: "Unhealthy", Message: "Readiness probe failed: HTTP probe failed with statuscode: 500", Type: "Warning",
			Source: corev1.EventSource{Component: "kubelet", Host: "node-1"}, Count: 12,
			Related:        &corev1.ObjectReference{Kind: "Pod"},
			FirstTimestamp: metav1.Unix(1521208805, 0), LastTimestamp: metav1.Unix(1521208905, 0),
		},
		"uncommon": {Count: -1, Message: "bad utf-8: \xff", Series: &corev1.EventSeries{Count: -1}},
	}
	codecs := serializer.NewCodecFactory(runtime.NewScheme())
	filler := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), codecs).NilChance(.3).NumElements(0, 3)
	for i := range random {
		e := new(corev1.Event)
		filler.Fill(e)
		events[fmt.Sprintf("random %d", i)] = e
	}
	return events
}

func marshal(tb testing.TB, e *corev1.Event) []byte {
	tb.Helper()
	b, err := e.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
