package workloadwire

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// kinds has an empty object of each kind.
var kinds = map[string]func() message{
	"Deployment":  func() message { return new(appsv1.Deployment) },
	"StatefulSet": func() message { return new(appsv1.StatefulSet) },
	"DaemonSet":   func() message { return new(appsv1.DaemonSet) },
	"Job":         func() message { return new(batchv1.Job) },
}

const wanted = "example.com/wanted"

// TestDecode holds that every workload has the fields that the generated code reads, also in
// the memory of another one.
func TestDecode(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			d := NewDecoder(kind, []string{wanted})
			used := d.New()
			for name, object := range corpus(kind, 300) {
				b := marshal(t, object)
				if !d.workload(b, d.New()) {
					t.Errorf("%s: left to the generated code", name)
				}
				check(t, name, d, b, used)
			}
		})
	}
}

// TestEachField holds that the numbers of fields are those of the generated code: a workload
// with one field set is read as the generated code reads it, and is not empty.
func TestEachField(t *testing.T) {
	now := metav1.Unix(1521208805, 0)
	metas := []metav1.ObjectMeta{
		{Name: "x"},
		{Namespace: "x"},
		{UID: "x"},
		{ResourceVersion: "x"},
		{Generation: 7},
		{CreationTimestamp: now},
		{Labels: map[string]string{"x": "y"}},
		{Annotations: map[string]string{wanted: "y"}},
		{OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "x", Kind: "y", Name: "z", UID: "u", Controller: new(true)},
		}},
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metas[6]}
	for kind, all := range map[string][]message{
		"Deployment": {
			&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: new(int32(7))}},
			&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: template}},
			&appsv1.Deployment{Status: appsv1.DeploymentStatus{ObservedGeneration: 7}},
			&appsv1.Deployment{Status: appsv1.DeploymentStatus{Replicas: 7}},
			&appsv1.Deployment{Status: appsv1.DeploymentStatus{UpdatedReplicas: 7}},
			&appsv1.Deployment{Status: appsv1.DeploymentStatus{ReadyReplicas: 7}},
			&appsv1.Deployment{Status: appsv1.DeploymentStatus{AvailableReplicas: 7}},
			&appsv1.Deployment{Status: appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{
				{Type: "a", Status: "b", Reason: "c", Message: "d"}, {LastUpdateTime: now}, {LastTransitionTime: now},
			}}},
		},
		"StatefulSet": {
			&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: new(int32(7))}},
			&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Template: template}},
			&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{
				UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType},
			}},
			&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
				RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(7))},
			}}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{ObservedGeneration: 7}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{Replicas: 7}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{UpdatedReplicas: 7}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{ReadyReplicas: 7}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{AvailableReplicas: 7}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{CurrentRevision: "x"}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{UpdateRevision: "x"}},
			&appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{Conditions: []appsv1.StatefulSetCondition{
				{Type: "a", Status: "b", Reason: "c", Message: "d"}, {LastTransitionTime: now},
			}}},
		},
		"DaemonSet": {
			&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: template}},
			&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{
				UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType},
			}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{ObservedGeneration: 7}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 7}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{CurrentNumberScheduled: 7}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{UpdatedNumberScheduled: 7}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{NumberReady: 7}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{NumberAvailable: 7}},
			&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{Conditions: []appsv1.DaemonSetCondition{
				{Type: "a", Status: "b", Reason: "c", Message: "d"}, {LastTransitionTime: now},
			}}},
		},
		"Job": {
			&batchv1.Job{Spec: batchv1.JobSpec{Parallelism: new(int32(7))}},
			&batchv1.Job{Spec: batchv1.JobSpec{Completions: new(int32(7))}},
			&batchv1.Job{Spec: batchv1.JobSpec{Template: template}},
			&batchv1.Job{Status: batchv1.JobStatus{Active: 7}},
			&batchv1.Job{Status: batchv1.JobStatus{Succeeded: 7}},
			&batchv1.Job{Status: batchv1.JobStatus{Failed: 7}},
			&batchv1.Job{Status: batchv1.JobStatus{Ready: new(int32(7))}},
			&batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{
				{Type: "a", Status: "b", Reason: "c", Message: "d"}, {LastTransitionTime: now},
			}}},
		},
	} {
		for _, m := range metas {
			object := kinds[kind]()
			reflect.ValueOf(object).Elem().FieldByName("ObjectMeta").Set(reflect.ValueOf(m))
			all = append(all, object)
		}
		d := NewDecoder(kind, []string{wanted})
		for i, object := range all {
			got := d.New()
			check(t, fmt.Sprint(kind, " ", i), d, marshal(t, object), got)
			if equal(*d.New(), *got) {
				t.Errorf("%s %d: nothing is read of %+v", kind, i, object)
			}
		}
	}
}

// TestTruncated: a workload that ends somewhere within is no error unless it is one for the
// generated code.
func TestTruncated(t *testing.T) {
	for kind, empty := range kinds {
		d := NewDecoder(kind, nil)
		into := d.New()
		for name, object := range corpus(kind, 3) {
			b := marshal(t, object)
			for n := range b {
				// Where only the generated code fails, the damage is in a skipped field.
				if err, full := d.Decode(b[:n], into), empty().Unmarshal(b[:n]); err != nil && full == nil {
					t.Errorf("%s %s: after %d bytes: error %v", kind, name, n, err)
				}
			}
		}
	}
}

// FuzzDecode: whenever the generated code accepts the bytes they are accepted here, with the
// same result.
func FuzzDecode(f *testing.F) {
	for kind := range kinds {
		for _, object := range corpus(kind, 10) {
			f.Add(kind, marshal(f, object))
		}
	}
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		if kinds[kind] != nil {
			d := NewDecoder(kind, []string{wanted})
			check(t, "fuzz", d, b, d.New())
		}
	})
}

// TestConvertOther: an object of another kind is refused.
func TestConvertOther(t *testing.T) {
	d := NewDecoder("Job", nil)
	if _, ok := d.Convert(new(appsv1.Deployment)); ok {
		t.Error("a Deployment is taken for a Job")
	}
	if _, ok := d.Convert(new(metav1.Status)); ok {
		t.Error("a Status is taken for a Job")
	}
}

// check decodes b in both ways.
func check(t *testing.T, name string, d *Decoder, b []byte, into *Workload) {
	t.Helper()
	full := kinds[d.kind.name]()
	if err := full.Unmarshal(b); err != nil {
		_ = d.Decode(b, into) // the damage may be in a skipped field
		return
	}
	if err := d.Decode(b, into); err != nil {
		t.Fatalf("%s: %v, and the generated code takes it\n%x", name, err, b)
	}
	want, ok := d.Convert(full)
	if !ok || !equal(want, *into) {
		t.Fatalf("%s (-generated code +here):\n%s\n%x", name, cmp.Diff(want, *into, cmpopts.EquateEmpty()), b)
	}
}

func equal(a, b Workload) bool { return cmp.Equal(a, b, cmpopts.EquateEmpty()) }

// corpus returns workloads of a kind: an empty one, and random ones.
func corpus(kind string, random int) map[string]message {
	all := map[string]message{"zero": kinds[kind]()}
	codecs := serializer.NewCodecFactory(runtime.NewScheme())
	filler := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), codecs).NilChance(.3).NumElements(0, 3)
	for i := range random {
		object := kinds[kind]()
		filler.Fill(object)
		if i%2 == 0 {
			meta, _ := object.(metav1.Object)
			meta.SetAnnotations(map[string]string{wanted: "x", "other": "y"})
			meta.SetOwnerReferences([]metav1.OwnerReference{
				{Kind: "None", Name: "a"}, {APIVersion: "batch/v1", Kind: "CronJob", Name: "b", UID: "c", Controller: new(true)},
			})
		}
		all[fmt.Sprintf("random %d", i)] = object
	}
	return all
}

func marshal(tb testing.TB, object message) []byte {
	tb.Helper()
	b, err := object.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
