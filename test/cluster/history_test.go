package main

import (
	"bytes"
	"testing"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

func TestNewChange(t *testing.T) {
	before, after := stored(t, corev1.PodPending), stored(t, corev1.PodRunning)
	tests := map[string]struct {
		event     *clientv3.Event
		wantType  string
		wantPhase corev1.PodPhase
	}{
		"added": {
			&clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Value: before, CreateRevision: 7, ModRevision: 7}},
			"ADDED", corev1.PodPending,
		},
		"modified": {
			&clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Value: after, CreateRevision: 5, ModRevision: 7}},
			"MODIFIED", corev1.PodRunning,
		},
		"deleted": {
			&clientv3.Event{
				Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{ModRevision: 7}, PrevKv: &mvccpb.KeyValue{Value: after, ModRevision: 6},
			},
			"DELETED", corev1.PodRunning,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := newChange(tt.event)
			if err != nil {
				t.Fatal(err)
			}
			if got.Type != tt.wantType || got.Pod.Status.Phase != tt.wantPhase {
				t.Errorf("have %s %s, want %s %s", got.Type, got.Pod.Status.Phase, tt.wantType, tt.wantPhase)
			}
			if got.ResourceVersion != "7" || got.Pod.ResourceVersion != "7" {
				t.Errorf("have revisions %s and %s, want 7", got.ResourceVersion, got.Pod.ResourceVersion)
			}
			if got.Pod.Kind != "Pod" || got.Pod.APIVersion != "v1" {
				t.Errorf("have %s %s, want v1 Pod", got.Pod.APIVersion, got.Pod.Kind)
			}
		})
	}
}

func TestNewChangeWithoutValueBefore(t *testing.T) {
	event := &clientv3.Event{Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{Key: []byte("/registry/pods/a/b"), ModRevision: 7}}
	if _, err := newChange(event); err == nil {
		t.Error("want an error")
	}
}

// stored encodes a pod as kube-apiserver stores it.
func stored(t *testing.T, phase corev1.PodPhase) []byte {
	t.Helper()
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "a"},
		Status:     corev1.PodStatus{Phase: phase},
	}
	encoded, err := runtime.Encode(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme), pod)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(encoded, []byte("k8s\x00")) {
		t.Fatalf("have prefix %q", encoded[:4])
	}
	return encoded
}
