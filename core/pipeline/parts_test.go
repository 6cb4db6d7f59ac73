package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// groups is a journal that stores its groups.
type groups struct {
	*disk
	all []journal.Group
}

func (g *groups) Commit(ctx context.Context, group journal.Group) error {
	err := g.disk.Commit(ctx, group)
	if err == nil {
		g.all = append(g.all, group)
	}
	return err
}

// manyContainers is a pod whose containers all appear in one event.
func manyContainers(n int) watch.Event {
	p := pod("evil", "many", func(p *corev1.Pod) {
		p.ResourceVersion = "7"
		for i := range n {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
				Name:  fmt.Sprint("c", i),
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
			})
		}
	})
	ev := event(watch.Modified, "", p)
	ev.ResourceVersion = p.ResourceVersion
	return ev
}

func checkpointed(ev watch.Event, rv string) watch.Event {
	ev.ResourceVersion = rv
	if p := ev.Pod(); p != nil {
		p.ResourceVersion = rv
	}
	return ev
}

// TestHostileManyContainers: the records of one event are committed in parts of a bounded size. Only the last part has
// the state of the pod and the checkpoint.
func TestHostileManyContainers(t *testing.T) {
	const containers, size = 5000, 32 << 10
	s := &sink{size: size}
	g := &groups{disk: newDisk()}
	p := New(Settings{Emitter: s, Meter: &meter{}, Journal: g, Stored: true})
	if err := p.Run(t.Context(), send(
		event(watch.Listing, "", nil), checkpointed(event(watch.Listed, "", nil), "5"),
		checkpointed(event(watch.Added, "", pod("evil", "many")), "6"), manyContainers(containers),
		checkpointed(event(watch.Added, "", pod("good", "next")), "8"),
	)); err != nil {
		t.Fatal(err)
	}
	if len(s.emitted) != containers+2 {
		t.Errorf("%d records, want %d", len(s.emitted), containers+2)
	}
	stored := 0
	for i, group := range g.all {
		if most := maxStagedBytes + size; group.Emitted*size > most {
			t.Errorf("group %d has %d bytes, want at most %d", i, group.Emitted*size, most)
		}
		if len(group.State) > 0 {
			stored++
		}
	}
	if stored > 4 || len(g.all) < containers*size/maxStagedBytes {
		t.Errorf("%d of %d groups have states", stored, len(g.all))
	}
	if last := string(g.state[streamPrefix]); !strings.Contains(last, `"checkpoint":"8"`) {
		t.Errorf("in the end, %s is stored", last)
	}
}

// TestCrashBetweenParts: after a crash between the parts of an event, the next run begins with the event again. Nothing
// is missing, and only records of parts that were committed come twice.
func TestCrashBetweenParts(t *testing.T) {
	const containers = 100
	events := []watch.Event{
		event(watch.Listing, "", nil), checkpointed(event(watch.Listed, "", nil), "5"),
		checkpointed(event(watch.Added, "", pod("evil", "many")), "6"), manyContainers(containers),
		checkpointed(event(watch.Added, "", pod("good", "next")), "8"),
	}
	whole := &sink{size: maxStagedBytes / 10}
	p, _ := newDisk().restart(t, whole, "", "")
	if err := p.Run(t.Context(), send(events...)); err != nil {
		t.Fatal(err)
	}
	for breakAt := 1; ; breakAt++ {
		d := newDisk()
		d.breakAt = breakAt
		before := &sink{size: whole.size}
		p, _ := d.restart(t, before, "", "")
		ctx, end := context.WithCancel(t.Context())
		err := p.Run(ctx, inGroups(ctx, 0, events))
		end()
		if err == nil && breakAt > 10 { // there are no more commits
			return
		}
		if !errors.Is(err, errCrash) {
			t.Fatalf("commit %d: %v", breakAt, err)
		}
		committed := before.emitted[:d.emitted]
		d.breakAt = 0
		after := &sink{size: whole.size}
		p, _ = d.restart(t, after, "", "")
		left := events
		if from := p.Resume(""); from.Checkpoint != "" {
			left = behind(events, from.Checkpoint)
		}
		if err := p.Run(t.Context(), send(left...)); err != nil {
			t.Fatal(err)
		}
		got := slices.Concat(committed, after.emitted)
		slices.Sort(got)
		want := slices.Sorted(slices.Values(whole.emitted))
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Fatalf("crash at commit %d (-without +with):\n%s", breakAt, diff)
		}
	}
}
