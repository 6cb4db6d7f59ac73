package tracing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/tracing"
)

var begin = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// story drives a tracker with pods of versions of a bundle.
type story struct {
	*player
	t      *testing.T
	now    time.Time
	given  trace.SpanContext // of the template; zero: none
	crash  bool              // after each event
	pods   map[string]*corev1.Pod
	bundle string
}

func newStory(t *testing.T) *story {
	t.Helper()
	return &story{player: newPlayer(), t: t, now: begin, pods: map[string]*corev1.Pod{}, bundle: "helm/shop/web"}
}

// after lets time pass, tick by tick.
func (s *story) after(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(time.Second)
		s.tick(s.now)
	}
}

// creates creates pods named version-n.
func (s *story) creates(version string, numbers ...int) {
	for _, n := range numbers {
		name := fmt.Sprint(version, "-", n)
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "shop", UID: types.UID("uid-" + name), ResourceVersion: "1",
			CreationTimestamp: metav1.Time{Time: s.now.Truncate(time.Second)},
		}}
		pod.Status.Phase = corev1.PodPending
		s.pods[name] = pod
		s.event(pod, tracing.Change{First: true})
	}
}

// becomes makes pods ready, or fail.
func (s *story) becomes(version string, ready bool, numbers ...int) {
	for _, n := range numbers {
		pod := s.pods[fmt.Sprint(version, "-", n)]
		if ready {
			pod.Status.Phase = corev1.PodRunning
			at := metav1.Time{Time: s.now.Truncate(time.Second)}
			pod.Status.Conditions = []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: pod.CreationTimestamp},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: at},
			}
		} else {
			pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted"
		}
		s.event(pod, tracing.Change{})
	}
}

func (s *story) deletes(version string, n int, stopping time.Duration) {
	pod := s.pods[fmt.Sprint(version, "-", n)]
	var none int64
	pod.DeletionTimestamp = &metav1.Time{Time: s.now.Add(-stopping)}
	pod.DeletionGracePeriodSeconds = &none
	s.event(pod, tracing.Change{Gone: true})
}

func (s *story) event(pod *corev1.Pod, c tracing.Change) {
	s.t.Helper()
	version, _, _ := strings.Cut(pod.Name, "-")
	c.UID, c.Namespace, c.Name, c.Pod, c.At = string(pod.UID), pod.Namespace, pod.Name, pod, s.now
	p := &record.Pod{Name: pod.Name, Namespace: pod.Namespace, UID: string(pod.UID)}
	c.Records = []record.Record{{Pod: p, Attributes: []attribute.KeyValue{
		attribute.String("bundle.id", s.bundle), attribute.String("bundle.name", "web"),
		attribute.String("bundle.version", version),
	}, SpanContext: s.given}}
	s.tracker.Observe(c)
	s.tracker.Identify(&c.Records[0])
	if !c.Records[0].SpanContext.IsSampled() {
		s.t.Error("the record of a pod with a span is not sampled")
	}
	s.settle()
	if s.crash {
		s.player.crash(s.t)
	}
}

// result returns the result and the reason of the rollout of a version.
func (s *story) result(version string) string {
	s.t.Helper()
	id := span.VersionTrace(s.bundle, version)
	if s.given.IsValid() {
		id = s.given.TraceID()
	}
	i := slices.IndexFunc(s.spans, func(x span.Span) bool { return x.Trace == id && x.ID == span.ID(id, span.Rollout) })
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(attr(s.spans[i], "cicd.pipeline.result") + " " + s.spans[i].Error)
}

func (s *story) named(name string) (list []span.Span) {
	for _, x := range s.spans {
		if x.Name == name {
			list = append(list, x)
		}
	}
	return list
}

// TestRollout: how rollouts end, whether the program crashes after each event or not.
func TestRollout(t *testing.T) {
	for name, c := range map[string]struct {
		play func(s *story)
		want string
	}{
		"all ready": {func(s *story) {
			s.creates("v1", 1, 2)
			s.after(5 * time.Second)
			s.becomes("v1", true, 1, 2)
			s.after(56 * time.Second)
		}, "success"},
		"not quiet yet": {func(s *story) {
			s.creates("v1", 1)
			s.becomes("v1", true, 1)
			s.after(59 * time.Second)
		}, ""},
		"another pod in time": {func(s *story) {
			s.creates("v1", 1)
			s.becomes("v1", true, 1)
			s.after(50 * time.Second)
			s.creates("v1", 2)
			s.becomes("v1", true, 2)
			s.after(59 * time.Second)
		}, ""},
		"one is not ready": {func(s *story) {
			s.creates("v1", 1, 2)
			s.becomes("v1", true, 1)
			s.after(59 * time.Minute)
		}, ""},
		"one is never ready": {func(s *story) {
			s.creates("v1", 1, 2)
			s.becomes("v1", true, 1)
			s.after(time.Hour)
		}, "timeout timeout"},
		"all failed": {func(s *story) {
			s.creates("v1", 1, 2)
			s.becomes("v1", false, 1, 2)
			s.after(time.Minute)
		}, "failure Evicted"},
		"all deleted": {func(s *story) {
			s.creates("v1", 1)
			s.deletes("v1", 1, 0)
			s.after(time.Minute)
		}, "failure Deleted"},
		"some failed": {func(s *story) {
			s.creates("v1", 1, 2)
			s.becomes("v1", false, 1)
			s.becomes("v1", true, 2)
			s.after(time.Minute)
		}, "success"},
		"a newer version begins": {func(s *story) {
			s.creates("v1", 1)
			s.after(10 * time.Second)
			s.creates("v2", 1)
		}, "cancellation cancellation"},
	} {
		for _, crash := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", crash ", crash), func(t *testing.T) {
				s := newStory(t)
				s.crash = crash
				c.play(s)
				if got := s.result("v1"); got != c.want {
					t.Errorf("result %q, want %q", got, c.want)
				}
				s.after(time.Hour)
				checkSpans(t, s.spans)
				if n := len(s.named(span.RolloutStarted)); n != len(s.named("rollout web")) {
					t.Errorf("%d rollouts started, %d ended", n, len(s.named("rollout web")))
				}
			})
		}
	}
}

// TestOldPodsStop: a pod that a newer version replaces is a part of that version's rollout.
func TestOldPodsStop(t *testing.T) {
	s := newStory(t)
	s.creates("v1", 1)
	s.becomes("v1", true, 1)
	s.after(2 * time.Minute)
	s.creates("v2", 1)
	s.after(3 * time.Second)
	s.becomes("v2", true, 1)
	s.after(2 * time.Second)
	s.deletes("v1", 1, time.Second)
	s.after(2 * time.Minute)
	checkSpans(t, s.spans)
	stops := s.named(span.PodStop)
	if len(stops) != 1 || stops[0].Trace != span.VersionTrace(s.bundle, "v2") ||
		attr(stops[0], record.AttrPodName) != "v1-1" {
		t.Errorf("stops %v", stops)
	}
	if s.result("v1") != "success" || s.result("v2") != "success" {
		t.Errorf("results %q, %q", s.result("v1"), s.result("v2"))
	}
}

// TestLatePods: pods that no rollout creates have a trace of their own, with a link to the rollout. Neither scaling nor
// a version that is rolled back to begins the same rollout again.
func TestLatePods(t *testing.T) {
	for name, version := range map[string]string{"scaled": "v2", "rolled back": "v1"} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.crash = true
			for _, v := range []string{"v1", "v2"} {
				s.creates(v, 1)
				s.becomes(v, true, 1)
				s.after(2 * time.Minute)
			}
			s.creates(version, 2)
			s.after(3 * time.Second)
			s.becomes(version, true, 2)
			s.after(2 * time.Hour)
			checkSpans(t, s.spans)
			starts := s.named(span.PodStart)
			last := starts[len(starts)-1]
			rollout := span.VersionTrace(s.bundle, version)
			if len(starts) != 3 || last.Trace != span.LateTrace("uid-"+version+"-2") || last.Parent.IsValid() ||
				len(last.Links) != 1 || last.Links[0].TraceID() != rollout {
				t.Errorf("%d starts, the last is %+v", len(starts), last)
			}
			if n := len(s.named("rollout web")); n != 2 {
				t.Errorf("%d rollouts, want 2", n)
			}
		})
	}
}

// TestGivenParent: the span in a given traceparent is the parent of the rollout, and records are in the start of their
// pod all the same.
func TestGivenParent(t *testing.T) {
	s := newStory(t)
	s.given = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	s.creates("v1", 1)
	s.becomes("v1", true, 1)
	s.after(time.Minute)
	root := s.named("rollout web")
	if len(root) != 1 || root[0].Parent != s.given.SpanID() || root[0].Trace != s.given.TraceID() || !root[0].Server {
		t.Errorf("rollout %+v", root)
	}
	if start := s.named(span.PodStart)[0]; start.Parent != root[0].ID {
		t.Errorf("the start's parent is %s, want %s", start.Parent, root[0].ID)
	}
}

// TestManyPods: a trace has all phases of the first pods only, and a bounded number of spans.
func TestManyPods(t *testing.T) {
	s := newStory(t)
	const pods = 7100
	var all []int
	for n := range pods {
		all = append(all, n)
	}
	s.creates("v1", all...)
	s.becomes("v1", true, all[:pods-1]...)
	s.becomes("v1", false, all[pods-1])
	s.after(time.Minute)
	if n := len(s.named(span.PodStart)); n != 7001 {
		t.Errorf("%d starts, want 7000 and the failed one", n)
	}
	if n := len(s.named(span.StartToReady)) + len(s.named(span.Schedule)); n != 1000 {
		t.Errorf("%d phases, want those of 1000 pods", n)
	}
	if s.result("v1") != "success" {
		t.Errorf("result %q", s.result("v1"))
	}
}

// TestManyRollouts: the number of rollouts under way is bounded, and their state is small.
func TestManyRollouts(t *testing.T) {
	s := newStory(t)
	const rollouts = 5000
	for n := range rollouts {
		s.bundle = fmt.Sprint("helm/shop/web-", n)
		s.creates(fmt.Sprint("1.0.", n), 0)
	}
	if n := len(s.named(span.RolloutStarted)); n != 4096 {
		t.Errorf("%d rollouts began, want 4096", n)
	}
	for key, value := range s.stored {
		if len(value) > 300 {
			t.Fatalf("the state %s has %d bytes: %s", key, len(value), value)
		}
	}
}

// TestClock: a clock that jumps costs no span and makes none twice.
func TestClock(t *testing.T) {
	s := newStory(t)
	s.creates("v1", 1)
	s.now = s.now.Add(-10 * time.Minute)
	s.becomes("v1", true, 1)
	s.tick(s.now)
	s.after(12 * time.Minute)
	checkSpans(t, s.spans)
	if s.result("v1") != "success" {
		t.Errorf("result %q, spans\n%s", s.result("v1"), text(s.spans))
	}
}
