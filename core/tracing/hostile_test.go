package tracing_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/tracing"
)

// TestImpossibleTimes: times of a pod that can't be, or that have no JSON, cost its spans at most.
func TestImpossibleTimes(t *testing.T) {
	never := time.Date(10000, 1, 1, 0, 59, 59, 0, time.UTC) // 9999-12-31T23:59:59-01:00
	ancient := time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct{ created, initialized, unready, ended time.Time }{
		"unready":  {begin, begin, never, begin},
		"later":    {begin, begin, begin.Add(3 * time.Hour), begin},
		"created":  {never, begin, begin, begin},
		"ancient":  {ancient, ancient, begin, begin},
		"ended":    {begin, begin, begin.Add(time.Second), never},
		"archaism": {begin, ancient, begin.Add(time.Second), ancient},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.creates("1", 1)
			s.after(10 * time.Second)
			s.becomes("1", true, 1)
			pod := s.pods["1-1"].DeepCopy()
			pod.UID, pod.Name, pod.CreationTimestamp = "uid", "2-1", metav1.Time{Time: test.created}
			pod.Status.Conditions = []corev1.PodCondition{
				{
					Type: corev1.PodInitialized, Status: corev1.ConditionTrue,
					LastTransitionTime: metav1.Time{Time: test.initialized},
				},
				{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.Time{Time: test.unready}},
			}
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{
					ExitCode: 1, StartedAt: metav1.Time{Time: begin}, FinishedAt: metav1.Time{Time: test.ended},
				},
			}}}
			s.event(pod, tracing.Change{First: true})
			s.event(pod, tracing.Change{})
			s.after(2 * time.Minute)
			s.event(pod, tracing.Change{Gone: true})
			s.player.crash(t) // which fails if stored state is invalid
			for _, ended := range s.spans {
				if ended.End.After(s.now.Add(time.Minute)) {
					t.Errorf("%s ends at %s", ended.Name, ended.End)
				}
			}
		})
	}
}

// TestRolloutsAreBoundedAfterRestart: rollouts that were going on before a restart count among those at a time.
func TestRolloutsAreBoundedAfterRestart(t *testing.T) {
	s := newStory(t)
	const most = 4096
	for i := range most {
		s.bundle = fmt.Sprint("helm/shop/", i)
		s.creates(strconv.Itoa(i), 1)
	}
	s.player.crash(t)
	s.bundle = "helm/shop/another"
	s.creates("another", 1)
	s.becomes("another", true, 1)
	want := span.LateTrace("uid-another-1")
	if !slices.ContainsFunc(s.spans, func(s span.Span) bool { return s.Name == span.PodStart && s.Trace == want }) {
		t.Errorf("rollout %d was begun", most+1)
	}
}

// TestObjectsHaveNoStart: a record about an object that owns pods keeps the context that it was given.
func TestObjectsHaveNoStart(t *testing.T) {
	given := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	r := record.Record{
		Pod: &record.Pod{UID: "uid", Namespace: "shop"}, Object: &record.Object{Kind: "Deployment", Name: "web"},
		SpanContext: given,
	}
	newTracker().Identify(&r)
	if !r.SpanContext.Equal(given) {
		t.Errorf("context %v, want %v", r.SpanContext, given)
	}
}
