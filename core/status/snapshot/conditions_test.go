package snapshot

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestConditions checks which differences of conditions count.
func TestConditions(t *testing.T) {
	list := []corev1.PodCondition{
		{Type: corev1.PodReady, Status: corev1.ConditionTrue},
		{Type: "example.com/a", Status: "Odd", Reason: "R", Message: "m"},
		{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable",
			Message: "0/3 nodes: 3 Insufficient cpu",
		},
	}
	before := conditionsOf(Conditions{}, list)
	for name, c := range map[string]struct {
		change func(list []corev1.PodCondition) []corev1.PodCondition
		same   bool
	}{
		"nothing": {func(l []corev1.PodCondition) []corev1.PodCondition { return l }, true},
		"order":   {func(l []corev1.PodCondition) []corev1.PodCondition { slices.Reverse(l); return l }, true},
		"time": {func(l []corev1.PodCondition) []corev1.PodCondition {
			l[0].LastTransitionTime, l[0].LastProbeTime, l[0].ObservedGeneration = metav1.Now(), metav1.Now(), 7
			return l
		}, true},
		"message": {func(l []corev1.PodCondition) []corev1.PodCondition { l[1].Message = "n"; return l }, true},
		"digits of a scheduler's message": {func(l []corev1.PodCondition) []corev1.PodCondition {
			l[2].Message = "0/14 nodes: 14 Insufficient cpu"
			return l
		}, true},
		"scheduler's message": {func(l []corev1.PodCondition) []corev1.PodCondition {
			l[2].Message = "0/3 nodes: 3 Insufficient memory"
			return l
		}, false},
		"status":   {func(l []corev1.PodCondition) []corev1.PodCondition { l[0].Status = "False"; return l }, false},
		"reason":   {func(l []corev1.PodCondition) []corev1.PodCondition { l[1].Reason = ""; return l }, false},
		"type":     {func(l []corev1.PodCondition) []corev1.PodCondition { l[1].Type = "example.com/b"; return l }, false},
		"one less": {func(l []corev1.PodCondition) []corev1.PodCondition { return l[:2] }, false},
		"one more": {func(l []corev1.PodCondition) []corev1.PodCondition {
			return append(l, corev1.PodCondition{Type: "example.com/b"})
		}, false},
		"none": {func([]corev1.PodCondition) []corev1.PodCondition { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			after := conditionsOf(before, c.change(slices.Clone(list)))
			if (after == before) != c.same {
				t.Errorf("conditions %q after %q", after.string(), before.string())
			}
			if back := restoredConditions(after.messages()); back != after {
				t.Errorf("conditions %q came back as %q", after.string(), back.string())
			}
		})
	}
	if unknown := (Conditions{}); unknown.Known() || unknown == conditionsOf(unknown, nil) {
		t.Error("unknown conditions are taken for none")
	}
}
