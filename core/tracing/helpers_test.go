package tracing_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/status/snapshot"
	"github.com/pod-status-logger/pod-status-logger/core/tracing"
)

// event is a version of a pod, or its deletion.
type event struct {
	pod  *corev1.Pod
	gone bool
	at   time.Time // when it is received
}

// recordings returns the events of each recording of a real node.
func recordings(t *testing.T) map[string][]event {
	t.Helper()
	paths, err := filepath.Glob("../status/testdata/node/*.jsonl")
	if err != nil || len(paths) < 10 {
		t.Fatal(len(paths), err)
	}
	all := map[string][]event{}
	for _, path := range paths {
		all[strings.TrimSuffix(filepath.Base(path), ".jsonl")] = recorded(t, path)
	}
	return all
}

func recorded(t *testing.T, path string) (events []event) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	for line := range bytes.Lines(b) {
		var e struct {
			Type   string      `json:"type"`
			Object *corev1.Pod `json:"object"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if at := latest(e.Object).Add(300 * time.Millisecond); at.After(now) {
			now = at
		}
		events = append(events, event{e.Object, e.Type == "DELETED", now})
	}
	return events
}

// latest returns the latest time in a pod that has passed.
func latest(pod *corev1.Pod) time.Time {
	last := pod.CreationTimestamp.Time
	see := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for _, c := range pod.Status.Conditions {
		see(c.LastTransitionTime.Time)
	}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for _, c := range list {
			if c.State.Running != nil {
				see(c.State.Running.StartedAt.Time)
			}
			if c.State.Terminated != nil {
				see(c.State.Terminated.FinishedAt.Time)
			}
		}
	}
	return last
}

// player feeds a tracker with events, as the pipeline does.
type player struct {
	tracker *tracing.Tracker
	states  map[string]*snapshot.State
	stored  map[string][]byte
	spans   []span.Span
}

func newPlayer() *player {
	return &player{
		tracker: newTracker(), states: map[string]*snapshot.State{}, stored: map[string][]byte{},
	}
}

func newTracker() *tracing.Tracker {
	return tracing.New(tracing.Settings{Cluster: "test", Service: "kubernetes-rollouts"})
}

// play plays an event, and settles it.
func (p *player) play(e event) {
	p.observe(e)
	p.settle()
}

func (p *player) observe(e event) {
	var rules status.Rules
	var records []record.Record
	uid := string(e.pod.UID)
	prev := p.states[uid]
	switch {
	case e.gone:
		records = rules.Delete(prev, e.pod, e.at)
		delete(p.states, uid)
	case prev == nil:
		p.states[uid], records = rules.Create(e.pod, e.at)
	default:
		p.states[uid], records = rules.Update(prev, e.pod, e.at, false)
	}
	p.tracker.Observe(tracing.Change{
		UID: uid, Namespace: e.pod.Namespace, Name: e.pod.Name, Pod: e.pod, At: e.at,
		First: prev == nil, Gone: e.gone, Records: records,
	})
	for i := range records {
		p.tracker.Identify(&records[i])
	}
}

func (p *player) settle() { p.keep(p.tracker.Settle()) }

func (p *player) tick(now time.Time) { p.keep(p.tracker.Tick(now)) }

// keep keeps spans and state, as one transaction.
func (p *player) keep(spans []span.Span) {
	p.spans = append(p.spans, spans...)
	for key, value := range p.tracker.Changes() {
		if value == nil {
			delete(p.stored, key)
			continue
		}
		p.stored[key] = value
	}
}

// crash loses everything that is not stored.
func (p *player) crash(t *testing.T) {
	t.Helper()
	p.tracker = newTracker()
	for key, value := range maps.All(p.stored) {
		if ok, err := p.tracker.Restore(key, value); !ok || err != nil {
			t.Fatalf("restore %s: %t, %v", key, ok, err)
		}
	}
}
