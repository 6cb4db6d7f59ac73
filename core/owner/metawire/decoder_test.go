package metawire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/owner/metawire"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// replicaSet has more than is kept.
func replicaSet() metav1.PartialObjectMetadata {
	pairs := map[string]string{"of": "cart", "more": "of this", "long": strings.Repeat("x", record.MaxAnnotation+1)}
	return metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "cart-1", UID: "rs", Labels: pairs, Annotations: pairs,
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m", FieldsV1: metav1.NewFieldsV1(`{"f:x":{}}`)}},
		OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "ConfigMap", Name: "no-controller", UID: "x"},
			{APIVersion: "apps/v1", Kind: "Deployment", Name: "cart", UID: "d", Controller: new(true)},
		},
	}}
}

func TestDecode(t *testing.T) {
	rs := replicaSet()
	message, err := rs.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, ok := metawire.NewDecoder([]string{"of", "long"}, []string{"of", "none"}).Decode(message)
	of := map[string]string{"of": "cart"}
	want := metawire.Object{
		Namespace: "shop", Name: "cart-1", UID: "rs", Labels: of, Annotations: of,
		Controller: record.OwnerRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "cart", UID: "d"},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok is %v (-want +got):\n%s", ok, diff)
	}
	if _, ok := metawire.NewDecoder(nil, nil).Decode(nil); ok {
		t.Error("an object without a uid is taken")
	}
}

// FuzzDecode decodes damaged messages.
func FuzzDecode(f *testing.F) {
	rs := replicaSet()
	message, err := rs.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(message)
	f.Add(message[:len(message)/2])
	d := metawire.NewDecoder([]string{"of"}, []string{"of"})
	f.Fuzz(func(t *testing.T, message []byte) {
		if o, ok := d.Decode(message); ok && o.UID == "" {
			t.Errorf("decoded %+v", o)
		}
	})
}

// BenchmarkDecode decodes the metadata of a ReplicaSet.
func BenchmarkDecode(b *testing.B) {
	rs := replicaSet()
	message, err := rs.Marshal()
	if err != nil {
		b.Fatal(err)
	}
	d := metawire.NewDecoder([]string{"of"}, []string{"of"})
	b.ReportAllocs()
	for b.Loop() {
		d.Decode(message)
	}
}
