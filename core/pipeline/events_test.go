package pipeline

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// eventSink is a sink that keeps records of Events.
type eventSink struct {
	sink

	records []record.Record
}

func (s *eventSink) Emit(_ context.Context, r *record.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitted = append(s.emitted, r.ID.String())
	s.records = append(s.records, *r)
	return nil
}

// Write clears no records: they count as committed then.
func (*eventSink) Write(context.Context, emit.Staged) error { return nil }

// words returns the records of Events in short.
func (s *eventSink) words() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		words := []string{r.Action.String()}
		if r.Action == record.Event {
			words = append(words, r.Reason, strconv.FormatInt(r.Event.Count, 10))
			if r.Object != nil {
				words = append(words, "of "+r.Object.Kind+" "+r.Object.Name)
			} else {
				words = append(words, "of "+r.Pod.Name, "on "+r.Pod.Node)
			}
		}
		if r.Initial {
			words = append(words, "initial")
		}
		if r.Recovered {
			words = append(words, "recovered")
		}
		all = append(all, strings.Join(words, " "))
	}
	return slices.DeleteFunc(all, func(w string) bool { return w == "create" || w == "delete" || w == "create initial" })
}

func eventPipeline(t *testing.T, d *disk, s Emitter, change ...func(*Settings)) *Pipeline {
	t.Helper()
	set := Settings{Emitter: s, Meter: &meter{}, Journal: d, Stored: true, Events: &EventSettings{Tracked: 1000}}
	for _, c := range change {
		if c != nil {
			c(&set)
		}
	}
	p := New(set)
	if _, err := p.Restore(d.seq, maps.All(d.state), []string{""}); err != nil {
		t.Fatal(err)
	}
	return p
}

// kubeEvent returns an event of the watch of Events.
func kubeEvent(kind watch.Kind, rv int, e *corev1.Event) watch.Event {
	ev := watch.Event{Kind: kind, Resource: "events", Received: time.Now(), ResourceVersion: strconv.Itoa(rv)}
	if e != nil {
		e = e.DeepCopy()
		e.ResourceVersion = ev.ResourceVersion
		ev.Object = e
	}
	return ev
}

func eventAbout(kind, name, reason string, count int32) *corev1.Event {
	uid := types.UID("shop/" + name)
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: name + "." + reason, UID: uid + "." + types.UID(reason)},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: "shop", Name: name, UID: uid},
		Reason:         reason, Count: count, Type: "Warning",
	}
}

func scheduled(p *corev1.Pod) { p.Spec.NodeName = "n1" }

func TestEventRecords(t *testing.T) {
	listed := func(present ...watch.Event) []watch.Event {
		return slices.Concat(
			[]watch.Event{kubeEvent(watch.Listing, 0, nil)}, present, []watch.Event{kubeEvent(watch.Listed, 9, nil)})
	}
	p := event(watch.Added, "", pod("shop", "p", scheduled))
	other := pod("shop", "p", scheduled)
	other.UID = "5da8b8e9-6c5d-43f7-8d50-de703cc29f40"
	for name, c := range map[string]struct {
		change func(*Settings)
		events []watch.Event
		want   []string
	}{
		"powers of two": {
			events: slices.Concat([]watch.Event{p}, listed(), []watch.Event{
				kubeEvent(watch.Added, 10, eventAbout("Pod", "p", "BackOff", 1)),
				kubeEvent(watch.Modified, 11, eventAbout("Pod", "p", "BackOff", 2)),
				kubeEvent(watch.Modified, 12, eventAbout("Pod", "p", "BackOff", 3)),
				kubeEvent(watch.Modified, 13, eventAbout("Pod", "p", "BackOff", 9)),
				kubeEvent(watch.Deleted, 14, eventAbout("Pod", "p", "BackOff", 9)),
			}),
			want: []string{"event BackOff 1 of p on n1", "event BackOff 2 of p on n1", "event BackOff 9 of p on n1"},
		},
		"an owner": {
			events: append(listed(), kubeEvent(watch.Added, 10, eventAbout("ReplicaSet", "rs", "FailedCreate", 1))),
			want:   []string{"event FailedCreate 1 of ReplicaSet rs"},
		},
		"not wanted": {
			events: append(listed(), kubeEvent(watch.Added, 10, eventAbout("Node", "n", "Ready", 1))),
		},
		"a pod that is gone": {
			events: slices.Concat([]watch.Event{p, event(watch.Deleted, "", pod("shop", "p", scheduled))}, listed(),
				[]watch.Event{kubeEvent(watch.Added, 10, eventAbout("Pod", "p", "Killing", 1))}),
			want: []string{"event Killing 1 of p on n1"},
		},
		"a uid of a pod of another namespace that is gone": {
			events: slices.Concat([]watch.Event{
				event(watch.Added, "", pod("other", "p", scheduled)), event(watch.Deleted, "", pod("other", "p", scheduled)),
			}, listed(), []watch.Event{kubeEvent(watch.Added, 10, withUID("other/p"))}),
			want: []string{"event BackOff 1 of p on "},
		},
		"a uid of another pod that is gone": {
			events: slices.Concat([]watch.Event{
				event(watch.Added, "", pod("shop", "q", scheduled)), event(watch.Deleted, "", pod("shop", "q", scheduled)),
			}, listed(), []watch.Event{kubeEvent(watch.Added, 10, withUID("shop/q"))}),
			want: []string{"event BackOff 1 of p on "},
		},
		"a uid of a pod of another namespace": {
			events: slices.Concat([]watch.Event{event(watch.Added, "", pod("other", "p", scheduled))},
				listed(), []watch.Event{kubeEvent(watch.Added, 10, withUID("other/p"))}),
			want: []string{"event BackOff 1 of p on "},
		},
		"a pod that never comes": {
			events: append(listed(), kubeEvent(watch.Added, 10, eventAbout("Pod", "q", "Killing", 1))),
			want:   []string{"event Killing 1 of q on "},
		},
		"a pod that comes later": {
			events: slices.Concat(listed(), []watch.Event{
				kubeEvent(watch.Added, 10, eventAbout("Pod", "p", "BackOff", 1)),
				kubeEvent(watch.Added, 11, eventAbout("Job", "j", "Failed", 1)), p,
			}),
			want: []string{"event BackOff 1 of p on n1", "event Failed 1 of Job j"},
		},
		"another pod of the name": {
			events: slices.Concat([]watch.Event{event(watch.Added, "", other)}, listed(),
				[]watch.Event{kubeEvent(watch.Added, 10, withUID("5da8b8e9-6c5d-43f7-8d50-de703cc29f41"))}),
			want: []string{"event BackOff 1 of p on "},
		},
		"a static pod": {
			events: slices.Concat([]watch.Event{p}, listed(),
				[]watch.Event{kubeEvent(watch.Added, 10, withUID("75e6c49110046bbb061139113a7acb45"))}),
			want: []string{"event BackOff 1 of p on n1"},
		},
		"existing Events": {
			events: append([]watch.Event{p}, listed(kubeEvent(watch.Present, 5, eventAbout("Pod", "p", "BackOff", 3)))...),
			want:   []string{"event BackOff 3 of p on n1 initial"},
		},
		"existing Events skipped": {
			change: func(s *Settings) { s.SkipInitial = true },
			events: slices.Concat([]watch.Event{p}, listed(kubeEvent(watch.Present, 5, eventAbout("Pod", "p", "BackOff", 3))),
				[]watch.Event{kubeEvent(watch.Modified, 10, eventAbout("Pod", "p", "BackOff", 4))}),
			want: []string{"event BackOff 4 of p on n1"},
		},
		"a gap": {
			events: slices.Concat([]watch.Event{p}, listed(kubeEvent(watch.Present, 5, eventAbout("Pod", "p", "BackOff", 1))),
				listed(kubeEvent(watch.Present, 5, eventAbout("Pod", "p", "BackOff", 1)),
					kubeEvent(watch.Present, 6, eventAbout("Pod", "p", "Failed", 1)))),
			want: []string{"event BackOff 1 of p on n1 initial", "gap", "event Failed 1 of p on n1 recovered"},
		},
		"selected pods": {
			change: func(s *Settings) { s.Events.Rules.PodsOnly = true },
			events: slices.Concat([]watch.Event{p}, listed(), []watch.Event{
				kubeEvent(watch.Added, 10, eventAbout("Pod", "p", "BackOff", 1)),
				kubeEvent(watch.Added, 11, eventAbout("Pod", "q", "BackOff", 1)),
				kubeEvent(watch.Added, 12, eventAbout("ReplicaSet", "rs", "FailedCreate", 1)),
			}),
			want: []string{"event BackOff 1 of p on n1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, d := &eventSink{}, newDisk()
				pipe := eventPipeline(t, d, s, c.change)
				if err := pipe.Run(t.Context(), send(c.events...)); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, s.words()); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestSelectorRestart: after a restart, an Event of a pod that is not selected casts no doubt on the
// checkpoint.
func TestSelectorRestart(t *testing.T) {
	selected := func(s *Settings) { s.Events.Rules.PodsOnly = true }
	synctest.Test(t, func(t *testing.T) {
		e := eventAbout("Pod", "q", "BackOff", 1)
		e.LastTimestamp = metav1.Now()
		other := kubeEvent(watch.Present, 5, e)
		s, d := &eventSink{}, newDisk()
		story := send(kubeEvent(watch.Listing, 0, nil), other, kubeEvent(watch.Listed, 9, nil))
		if err := eventPipeline(t, d, s, selected).Run(t.Context(), story); err != nil {
			t.Fatal(err)
		}
		p := eventPipeline(t, d, s, selected)
		if from := p.ResumeEvents("").Checkpoint; from != "9" || len(s.words()) > 0 {
			t.Fatalf("resumes from %q, records %q", from, s.words())
		}
		if !p.KnownEvent(watch.EventOf(other.Object)) {
			t.Error("the Event is taken for one of another history")
		}
	})
}

func withUID(uid types.UID) *corev1.Event {
	e := eventAbout("Pod", "p", "BackOff", 1)
	e.InvolvedObject.UID = uid
	return e
}

// TestWaitsForPod: an Event of an unknown pod waits for a second, and so does the
// checkpoint.
func TestWaitsForPod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := &eventSink{}, newDisk()
		p := eventPipeline(t, d, s)
		events := make(chan watch.Event)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), events) }()
		events <- kubeEvent(watch.Listing, 0, nil)
		events <- kubeEvent(watch.Listed, 9, nil)
		events <- kubeEvent(watch.Added, 10, eventAbout("Pod", "q", "Killing", 1))
		time.Sleep(500 * time.Millisecond)
		events <- kubeEvent(watch.Bookmark, 12, nil)
		events <- event(watch.Added, "", pod("shop", "other"))
		synctest.Wait()
		if got := s.words(); len(got) > 0 {
			t.Errorf("after half a second: %q", got)
		}
		if stored := d.stored(eventStreamPrefix); !strings.HasPrefix(stored, `{"checkpoint":"9"`) {
			t.Errorf("stored %s, and an Event waits", stored)
		}
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if got := s.words(); len(got) != 1 {
			t.Errorf("after a second: %q", got)
		}
		close(events)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if stored := d.stored(eventStreamPrefix); !strings.HasPrefix(stored, `{"checkpoint":"12"`) {
			t.Errorf("stored %s in the end", stored)
		}
	})
}

// TestEventsCrashAnytime: wherever runs end, each power of each Event has one committed
// record.
func TestEventsCrashAnytime(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 100 {
		story := eventStory(random)
		whole := &eventSink{}
		if err := eventPipeline(t, newDisk(), whole).Run(t.Context(), send(story...)); err != nil {
			t.Fatal(err)
		}
		d := newDisk()
		got := d.crashes(t, random, func() (*Pipeline, *sink, []watch.Event) {
			s := &eventSink{}
			p := eventPipeline(t, d, s)
			if from := p.ResumeEvents(""); from.Checkpoint != "" {
				return p, &s.sink, behind(story, from.Checkpoint)
			}
			return p, &s.sink, story
		})
		if diff := cmp.Diff(whole.emitted, got); diff != "" {
			t.Fatalf("round %d: with crashes (-without +with):\n%s", round, diff)
		}
	}
}

// eventStory is what happens to some Events about owners.
func eventStory(random *rand.Rand) []watch.Event {
	story := []watch.Event{kubeEvent(watch.Listing, 0, nil), kubeEvent(watch.Listed, 1, nil)}
	counts := map[string]int32{}
	for rv := 2; rv < 100; rv++ {
		name := fmt.Sprint("rs-", random.IntN(8))
		kind := watch.Modified
		if counts[name] == 0 {
			kind = watch.Added
		}
		counts[name]++
		story = append(story, kubeEvent(kind, rv, eventAbout("ReplicaSet", name, "FailedCreate", counts[name])))
	}
	return story
}

// TestEventsOff: without Events, what an earlier run has stored of them goes.
func TestEventsOff(t *testing.T) {
	d := newDisk()
	if err := eventPipeline(t, d, &eventSink{}).Run(t.Context(), send(kubeEvent(watch.Listing, 0, nil),
		kubeEvent(watch.Listed, 9, nil),
		kubeEvent(watch.Added, 10, eventAbout("Job", "j", "Failed", 1)))); err != nil {
		t.Fatal(err)
	}
	if len(d.state) != 3 {
		t.Errorf("stored %v", slices.Collect(maps.Keys(d.state)))
	}
	off := eventPipeline(t, d, &eventSink{}, func(s *Settings) { s.Events = nil })
	if err := off.Run(t.Context(), send()); err != nil {
		t.Fatal(err)
	}
	for key := range d.state {
		if strings.HasPrefix(key, "event") {
			t.Errorf("%s is still stored", key)
		}
	}
}

// TestOtherEventSelector: with other rules, the full list is compared, without a gap.
func TestOtherEventSelector(t *testing.T) {
	d := newDisk()
	listing := []watch.Event{kubeEvent(watch.Listing, 0, nil), kubeEvent(watch.Listed, 9, nil)}
	if err := eventPipeline(t, d, &eventSink{}).Run(t.Context(), send(listing...)); err != nil {
		t.Fatal(err)
	}
	s := &eventSink{}
	p := eventPipeline(t, d, s, func(s *Settings) {
		s.Events.Rules.Types, s.Events.Since = []string{"Warning"}, time.Now()
	})
	if from := p.ResumeEvents(""); from != (Resume{"9", true}) {
		t.Errorf("resumes from %+v", from)
	}
	if err := p.Run(t.Context(), send(listing...)); err != nil {
		t.Fatal(err)
	}
	if got := s.words(); len(got) > 0 {
		t.Errorf("records %q", got)
	}
	if from := eventPipeline(t, d, s).ResumeEvents(""); !from.Compare {
		t.Error("back to the first rules, nothing is compared")
	}
}
