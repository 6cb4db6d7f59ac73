package status

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// annotatedPod returns a running pod of a ReplicaSet. The version is its
// resourceVersion and the value of an annotation.
func annotatedPod(version int) *corev1.Pod {
	pod := busyPod(0)
	pod.ResourceVersion = strconv.Itoa(version)
	pod.Annotations = map[string]string{"version": strconv.Itoa(version), "team": "a", "not/needed": "this"}
	pod.OwnerReferences = []metav1.OwnerReference{
		{APIVersion: "v1", Kind: "ConfigMap", Name: "no-controller", UID: "1"},
		{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "checkout-6b8f9d7d5c", UID: "2", Controller: new(true)},
	}
	return pod
}

// ready makes a change of the pod that has a record.
func ready(pod *corev1.Pod, ready bool) *corev1.Pod {
	pod.Status.ContainerStatuses[0].Ready = ready
	return pod
}

// TestForPlugins checks that all records, of deletions too, contain the annotations
// that plugins need and the controller.
func TestForPlugins(t *testing.T) {
	rules := Rules{Annotations: []string{"team", "version", "not-there"}}
	at := time.Unix(1, 0)
	for name, learn := range map[string]func(r Rules) []record.Record{
		"create":    func(r Rules) []record.Record { _, records := r.Create(annotatedPod(1), at); return records },
		"initial":   func(r Rules) []record.Record { _, records := r.Initial(annotatedPod(1), at); return records },
		"found":     func(r Rules) []record.Record { _, records := r.Found(annotatedPod(1), at); return records },
		"delete":    func(r Rules) []record.Record { return r.Delete(r.Of(annotatedPod(0)), annotatedPod(1), at) },
		"unknown":   func(r Rules) []record.Record { return r.Delete(nil, annotatedPod(1), at) },
		"vanished":  func(r Rules) []record.Record { return r.Vanished(r.Of(annotatedPod(1)), at) },
		"first":     func(r Rules) []record.Record { return updated(r, nil, annotatedPod(1)) },
		"container": func(r Rules) []record.Record { return updated(r, annotatedPod(0), ready(annotatedPod(1), false)) },
		"pod": func(r Rules) []record.Record {
			pod := annotatedPod(1)
			pod.Status.Phase = corev1.PodFailed
			return updated(r, annotatedPod(0), pod)
		},
	} {
		t.Run(name, func(t *testing.T) {
			records := learn(rules)
			if len(records) == 0 {
				t.Fatal("no records")
			}
			for _, r := range records {
				if diff := cmp.Diff(map[string]string{"team": "a", "version": "1"},
					maps.Collect(r.Pod.Annotations.All())); diff != "" {
					t.Errorf("annotations of %q (-want +got):\n%s", r.Message, diff)
				}
				want := record.OwnerRef{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "checkout-6b8f9d7d5c", UID: "2"}
				if r.Pod.Controller != want {
					t.Errorf("controller of %q is %+v, want %+v", r.Message, r.Pod.Controller, want)
				}
				if r.Pod.Owners != nil {
					t.Errorf("owners of %q are %+v, want them not looked up", r.Message, r.Pod.Owners)
				}
			}
			for _, r := range learn(Rules{}) {
				if r.Pod.Annotations != (record.Labels{}) {
					t.Errorf("%q has annotations that no plugin needs", r.Message)
				}
			}
		})
	}
}

func updated(r Rules, before, after *corev1.Pod) []record.Record {
	var prev *State
	if before != nil {
		prev = r.Of(before)
	}
	_, records := r.Update(prev, after, time.Unix(2, 0), false)
	return records
}

// TestNoController checks a pod without a controller reference.
func TestNoController(t *testing.T) {
	pod := annotatedPod(1)
	pod.OwnerReferences = pod.OwnerReferences[:1]
	for _, r := range (Rules{}).Vanished(Rules{}.Of(pod), time.Time{}) {
		if r.Pod.Controller != (record.OwnerRef{}) {
			t.Errorf("controller %+v, want none", r.Pod.Controller)
		}
	}
}

// TestChangedAnnotation checks that a changed, added or removed annotation makes no
// record, and that later records contain the new value.
func TestChangedAnnotation(t *testing.T) {
	rules := Rules{Annotations: []string{"version"}}
	versionOf := func(records []record.Record) string {
		t.Helper()
		if len(records) != 1 {
			t.Fatalf("%d records, want 1", len(records))
		}
		version, ok := records[0].Pod.Annotations.Get("version")
		if !ok {
			return "none"
		}
		return version
	}
	state, _ := rules.Create(annotatedPod(1), time.Time{})
	first := state
	change := func(pod *corev1.Pod) {
		t.Helper()
		next, records := rules.Update(state, pod, time.Time{}, false)
		if state = next; len(records) != 0 {
			t.Errorf("a changed annotation made a record: %q", records[0].Message)
		}
	}
	change(annotatedPod(2))
	if got := versionOf(rules.Vanished(state, time.Time{})); got != "2" {
		t.Errorf("a record of a pod that vanished has version %s, want 2", got)
	}
	if got := versionOf(rules.Vanished(first, time.Time{})); got != "1" {
		t.Errorf("the state before has version %s, want 1 as it is immutable", got)
	}
	change(annotatedPod(3))
	_, records := rules.Update(state, ready(annotatedPod(3), false), time.Time{}, false)
	if got := versionOf(records); got != "3" {
		t.Errorf("a record of a later change has version %s, want 3", got)
	}
	gone := annotatedPod(4)
	delete(gone.Annotations, "version")
	change(gone)
	if got := versionOf(rules.Vanished(state, time.Time{})); got != "none" {
		t.Errorf("a record has version %s, want none as the annotation is gone", got)
	}
	change(annotatedPod(5))
	_, records = rules.Update(state, ready(annotatedPod(6), false), time.Time{}, true)
	if got := versionOf(records); got != "6" {
		t.Errorf("a record has version %s, want that of its pod, 6", got)
	}
	everything := rules
	everything.EveryUpdate = true
	_, records = everything.Update(state, annotatedPod(7), time.Time{}, false)
	if got := versionOf(records); got != "7" {
		t.Errorf("a record of every update has version %s, want 7", got)
	}
}
