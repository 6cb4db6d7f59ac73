package pipeline

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

const (
	deploymentsApps  = "deployments.apps"
	statefulSetsApps = "statefulsets.apps"
)

// rollouts returns the records of workloads in short.
func (s *eventSink) rollouts() (all []string) {
	for i := range s.records {
		r := &s.records[i]
		if r.Rollout == nil {
			continue
		}
		words := []string{r.Object.Name, r.Rollout.Status.String()}
		if r.Condition != nil {
			words = append(words, r.Condition.Type, r.Condition.Status)
		}
		if r.Initial {
			words = append(words, "initial")
		}
		if r.Recovered {
			words = append(words, "recovered")
		}
		all = append(all, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
	}
	return all
}

func workloadPipeline(t *testing.T, d *disk, s Emitter, namespaces []string, change ...func(*Settings)) *Pipeline {
	t.Helper()
	set := Settings{Emitter: s, Meter: &meter{}, Journal: d, Stored: true, Workloads: &workloads.Rules{}}
	for _, c := range change {
		if c != nil {
			c(&set)
		}
	}
	p := New(set)
	if _, err := p.Restore(d.seq, maps.All(d.state), namespaces); err != nil {
		t.Fatal(err)
	}
	return p
}

// everywhere are all namespaces.
func everywhere() []string { return []string{""} }

func workloadEvent(kind watch.Kind, resource string, rv int, w *workloadwire.Workload) watch.Event {
	ev := watch.Event{Kind: kind, Resource: resource, Received: time.Now(), ResourceVersion: strconv.Itoa(rv)}
	if w != nil {
		w.ResourceVersion = ev.ResourceVersion
		ev.Object = w
	}
	return ev
}

// deploymentAt returns a Deployment with one pod, which rolls out a revision of its template.
func deploymentAt(name string, revision int, done bool) *workloadwire.Workload {
	ready := int32(0)
	if done {
		ready = 1
	}
	w := &workloadwire.Workload{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Generation: int64(revision),
		},
		Kind: "Deployment", Spec: workloadwire.Spec{Replicas: 1},
		Status: workloadwire.Status{
			ObservedGeneration: int64(revision), Replicas: 1, Updated: 1, Ready: ready, Available: ready,
		},
	}
	hash := strings.Repeat("b", revision+1)
	w.Status.Conditions = []workloadwire.Condition{{
		Type: "Progressing", Status: "True", Reason: "ReplicaSetUpdated",
		Message: fmt.Sprintf("ReplicaSet %q is", name+"-"+hash),
	}}
	return w
}

func listOf(resource string, rv int, present ...watch.Event) []watch.Event {
	return slices.Concat([]watch.Event{workloadEvent(watch.Listing, resource, 0, nil)}, present,
		[]watch.Event{workloadEvent(watch.Listed, resource, rv, nil)})
}

func TestWorkloadRecords(t *testing.T) {
	const d = deploymentsApps
	present := func(rv int, w *workloadwire.Workload) watch.Event { return workloadEvent(watch.Present, d, rv, w) }
	modified := func(rv int, w *workloadwire.Workload) watch.Event { return workloadEvent(watch.Modified, d, rv, w) }
	for name, c := range map[string]struct {
		change func(*Settings)
		events []watch.Event
		want   []string
	}{
		"a rollout": {
			events: append(listOf(d, 1), workloadEvent(watch.Added, d, 2, deploymentAt("web", 1, false)),
				modified(3, deploymentAt("web", 1, true)), workloadEvent(watch.Deleted, d, 4, deploymentAt("web", 1, true))),
			want: []string{"web progressing Progressing True", "web complete"},
		},
		"existing": {
			events: append(listOf(d, 9, present(1, deploymentAt("web", 1, true))), modified(10, deploymentAt("web", 2, false))),
			want:   []string{"web complete Progressing True initial", "web progressing"},
		},
		"existing ones skipped": {
			change: func(s *Settings) { s.SkipInitial = true },
			events: append(listOf(d, 9, present(1, deploymentAt("web", 1, true))), modified(10, deploymentAt("web", 2, false))),
			want:   []string{"web progressing"},
		},
		"a gap": {
			events: slices.Concat(
				listOf(d, 9, present(1, deploymentAt("web", 1, true)), present(2, deploymentAt("gone", 1, true)),
					present(3, deploymentAt("same", 1, false))),
				listOf(d, 19, present(10, deploymentAt("web", 2, true)), present(11, deploymentAt("new", 1, false)),
					present(3, deploymentAt("same", 1, false))),
				[]watch.Event{workloadEvent(watch.Added, d, 20, deploymentAt("gone", 1, false))}),
			want: []string{
				"web complete Progressing True initial", "gone complete Progressing True initial",
				"same progressing Progressing True initial",
				"web progressing recovered", "web complete recovered", "new progressing Progressing True recovered",
				"gone progressing Progressing True",
			},
		},
		"not selected": {
			change: func(s *Settings) { s.Workloads.Selector = labels.SelectorFromSet(labels.Set{"app": "web"}) },
			events: append(listOf(d, 1), workloadEvent(watch.Added, d, 2, deploymentAt("web", 1, false))),
		},
		"two kinds of one name": {
			events: slices.Concat(listOf(d, 1), listOf(statefulSetsApps, 1), []watch.Event{
				workloadEvent(watch.Added, d, 2, deploymentAt("web", 1, false)),
				workloadEvent(watch.Added, statefulSetsApps, 3, deploymentAt("web", 1, false)),
				workloadEvent(watch.Deleted, d, 4, deploymentAt("web", 1, false)),
				workloadEvent(watch.Modified, statefulSetsApps, 5, deploymentAt("web", 1, true)),
			}),
			want: []string{"web progressing Progressing True", "web progressing Progressing True", "web complete"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &eventSink{}
			p := workloadPipeline(t, newDisk(), s, everywhere(), c.change)
			if err := p.Run(t.Context(), send(c.events...)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, s.rollouts()); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWorkloadsCrashAnytime: wherever runs end, the committed records of all of them are those
// of one run, in its order for each resource.
func TestWorkloadsCrashAnytime(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for round := range 100 {
		story := workloadStory(random)
		whole := &eventSink{}
		if err := workloadPipeline(t, newDisk(), whole, everywhere()).Run(t.Context(), send(story...)); err != nil {
			t.Fatal(err)
		}
		d := newDisk()
		got := d.crashes(t, random, func() (*Pipeline, *sink, []watch.Event) {
			s := &eventSink{}
			p := workloadPipeline(t, d, s, everywhere())
			return p, &s.sink, afterCheckpoints(p, story)
		})
		if len(got) < 50 {
			t.Errorf("round %d: only %d records", round, len(got))
		}
		if diff := cmp.Diff(whole.emitted, got); diff != "" {
			t.Fatalf("round %d: with crashes (-without +with):\n%s", round, diff)
		}
	}
}

// afterCheckpoints returns what the server sends to the streams when they resume.
func afterCheckpoints(p *Pipeline, story []watch.Event) []watch.Event {
	return slices.DeleteFunc(slices.Clone(story), func(ev watch.Event) bool {
		from := p.ResumeWorkloads(ev.Resource, "").Checkpoint
		return from != "" && len(behind([]watch.Event{ev}, from)) == 0
	})
}

// workloadStory is what happens to some workloads.
func workloadStory(random *rand.Rand) []watch.Event {
	kinds := []string{deploymentsApps, statefulSetsApps}
	story := slices.Concat(listOf(kinds[0], 1), listOf(kinds[1], 1))
	revisions := map[string]int{}
	for rv := 2; rv < 100; rv++ {
		resource, name := kinds[random.IntN(2)], fmt.Sprint("web-", random.IntN(4))
		key, kind := resource+name, watch.Modified
		if revisions[key] == 0 {
			kind = watch.Added
		}
		revisions[key] += random.IntN(2)
		revisions[key] = max(1, revisions[key])
		story = append(story, workloadEvent(kind, resource, rv, deploymentAt(name, revisions[key], random.IntN(2) == 0)))
	}
	return story
}

// TestWorkloadsRestored: a restarted program compares with the stored states, also of one
// namespace after all, and forgets everything when workloads are no longer watched.
func TestWorkloadsRestored(t *testing.T) {
	d := newDisk()
	other := deploymentAt("web", 1, true)
	other.Namespace = "other"
	if err := workloadPipeline(t, d, &eventSink{}, everywhere()).Run(t.Context(), send(listOf(deploymentsApps, 9,
		workloadEvent(watch.Present, deploymentsApps, 1, deploymentAt("web", 1, true)),
		workloadEvent(watch.Present, deploymentsApps, 2, other))...)); err != nil {
		t.Fatal(err)
	}
	s := &eventSink{}
	p := workloadPipeline(t, d, s, []string{"shop"})
	if from := p.ResumeWorkloads(deploymentsApps, "shop"); from != (Resume{Checkpoint: "9"}) {
		t.Errorf("resumes from %+v", from)
	}
	known := deploymentAt("web", 1, true)
	known.ResourceVersion = "1"
	if p.Workloads() != 1 || !p.KnownWorkload(deploymentsApps, known) || p.KnownWorkload(deploymentsApps, other) {
		t.Errorf("%d workloads are known", p.Workloads())
	}
	ev := workloadEvent(watch.Modified, deploymentsApps, 10, deploymentAt("web", 2, true))
	ev.Stream = "shop"
	if err := p.Run(t.Context(), send(ev)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web progressing", "web complete"}, s.rollouts()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	selected := workloadPipeline(t, d, s, []string{"shop"}, func(s *Settings) {
		s.Workloads.Selector = labels.SelectorFromSet(labels.Set{"app": "web"})
	})
	if from := selected.ResumeWorkloads(deploymentsApps, "shop"); from != (Resume{"10", true}) {
		t.Errorf("with a selector, it resumes from %+v", from)
	}
	off := workloadPipeline(t, d, &eventSink{}, []string{"shop"}, func(s *Settings) { s.Workloads = nil })
	if err := off.Run(t.Context(), send()); err != nil {
		t.Fatal(err)
	}
	for key := range d.state {
		if strings.HasPrefix(key, "workload") {
			t.Errorf("%s is still stored", key)
		}
	}
}
