package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// disk is a journal that keeps what a start needs, and breaks on command.
type disk struct {
	mu      sync.Mutex // held by Commit and stored
	state   map[string][]byte
	seq     uint64
	commits int
	breakAt int // the commit that fails; 0: none
	written int
	emitted int
	drop    journal.Drop
}

var errCrash = errors.New("crash")

func newDisk() *disk { return &disk{state: map[string][]byte{}} }

func (d *disk) Commit(_ context.Context, g journal.Group) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commits++
	if d.commits == d.breakAt {
		return errCrash
	}
	for key, value := range g.State {
		if value == nil {
			delete(d.state, key)
			continue
		}
		d.state[key] = slices.Clone(value)
	}
	d.seq = g.Seq
	d.emitted += g.Emitted
	d.drop.Records -= g.Announced
	return nil
}

// count returns the number of commits, also while a pipeline runs.
func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.commits
}

// stored returns a value of the state, also while a pipeline runs.
func (d *disk) stored(key string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.state[key])
}

func (d *disk) Written()              { d.written = d.commits }
func (d *disk) Dropped() journal.Drop { return d.drop }
func (d *disk) Stats() journal.Stats  { return journal.Stats{} }

// restart returns a pipeline that goes on from the disk.
func (d *disk) restart(t *testing.T, s *sink, selector string, namespaces ...string) (*Pipeline, Restored) {
	t.Helper()
	p := New(Settings{Emitter: s, Meter: &meter{}, Journal: d, Stored: true, Selector: selector})
	r, err := p.Restore(d.seq, maps.All(d.state), namespaces)
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// story is what happens to some pods, with rising resourceVersions.
func story(random *rand.Rand, n int) (events []watch.Event) {
	alive := map[string]int{} // incarnations by name
	events = append(events, event(watch.Listing, "", nil))
	listed := watch.Event{Kind: watch.Listed, ResourceVersion: "1", Received: time.Now()}
	events = append(events, listed)
	for rv := 2; rv < n; rv++ {
		name := strconv.Itoa(random.IntN(8))
		kind := watch.Modified
		switch {
		case alive[name] == 0:
			kind = watch.Added
			alive[name] = rv
		case random.IntN(5) == 0:
			kind = watch.Deleted
		}
		p := pod("a", name)
		p.UID, p.ResourceVersion = types.UID(fmt.Sprint(name, "-", alive[name])), strconv.Itoa(rv)
		if random.IntN(3) > 0 { // else nothing that is worth a record changes
			p.Status.Message = strconv.Itoa(rv)
		}
		ev := event(kind, "", p)
		ev.ResourceVersion = p.ResourceVersion
		events = append(events, ev)
		if kind == watch.Deleted {
			alive[name] = 0
		}
		if random.IntN(10) == 0 {
			mark := event(watch.Bookmark, "", nil)
			mark.ResourceVersion = strconv.Itoa(rv)
			events = append(events, mark)
		}
	}
	return events
}

// behind returns the events behind a checkpoint, as a server would send them.
func behind(events []watch.Event, checkpoint string) []watch.Event {
	at, _ := strconv.Atoi(checkpoint)
	return slices.DeleteFunc(slices.Clone(events), func(ev watch.Event) bool {
		rv, _ := strconv.Atoi(ev.ResourceVersion)
		return rv <= at
	})
}

// TestCrashAnytime: wherever a run ends, the next one goes on from the checkpoint,
// and the committed records of both are those of one run.
func TestCrashAnytime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		events := story(random, 20+random.IntN(80))
		whole := &sink{}
		p, _ := newDisk().restart(t, whole, "", "")
		if err := p.Run(t.Context(), send(events...)); err != nil {
			t.Fatal(err)
		}
		d := newDisk()
		got := d.crashes(t, random, func() (*Pipeline, *sink, []watch.Event) {
			s := &sink{}
			p, _ := d.restart(t, s, "", "")
			if from := p.Resume(""); from.Checkpoint != "" {
				return p, s, behind(events, from.Checkpoint)
			}
			return p, s, events
		})
		if diff := cmp.Diff(whole.emitted, got); diff != "" {
			t.Fatalf("round %d: with crashes (-without +with):\n%s", round, diff)
		}
		if d.seq != uint64(len(got)) {
			t.Errorf("seq %d after %d records", d.seq, len(got))
		}
	}
}

// crashes runs pipelines until one ends. Up to five before it end because a commit fails. It returns the records that
// they committed. start returns a pipeline that goes on from the disk, its sink, and the events that it has to read.
func (d *disk) crashes(
	t *testing.T, random *rand.Rand, start func() (*Pipeline, *sink, []watch.Event),
) (committed []string) {
	t.Helper()
	for crashes := 0; ; crashes++ {
		p, s, left := start()
		d.commits, d.breakAt = 0, 0
		if crashes < 5 {
			d.breakAt = 1 + random.IntN(3)
		}
		before := d.emitted
		ctx, end := context.WithCancel(t.Context())
		err := p.Run(ctx, inGroups(ctx, random.IntN(10), left))
		end()
		committed = append(committed, s.emitted[:d.emitted-before]...)
		if err == nil {
			return committed
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
	}
}

// inGroups sends events in bursts, so that groups are of different sizes.
func inGroups(ctx context.Context, size int, events []watch.Event) <-chan watch.Event {
	ch := make(chan watch.Event, size)
	go func() {
		defer close(ch)
		for _, ev := range events {
			select {
			case ch <- ev:
			case <-ctx.Done(): // the run has crashed
				return
			}
		}
	}()
	return ch
}

// TestRestartWithinList: a list that was not complete when the run ended is due
// again, and compared with its own pods and earlier ones.
func TestRestartWithinList(t *testing.T) {
	d, s := newDisk(), &sink{}
	p, _ := d.restart(t, s, "", "")
	listed := func(rv string) watch.Event {
		ev := event(watch.Listed, "", nil)
		ev.ResourceVersion = rv
		return ev
	}
	if from := p.Resume(""); from != (Resume{}) {
		t.Errorf("at first, %+v", from)
	}
	// The first list is cut after one pod.
	if err := p.Run(t.Context(),
		send(event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "p")))); err != nil {
		t.Fatal(err)
	}
	p, r := d.restart(t, s, "", "")
	if from := p.Resume(""); from != (Resume{}) || r != (Restored{Pods: 1}) {
		t.Errorf("within the first list, %+v %+v", from, r)
	}
	if err := p.Run(t.Context(),
		send(event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "p")), event(watch.Present, "", pod("a", "q")),
			listed("5"))); err != nil {
		t.Fatal(err)
	}
	// A list over a gap, likewise.
	p, _ = d.restart(t, s, "", "")
	if from := p.Resume(""); from != (Resume{Checkpoint: "5"}) {
		t.Errorf("after the first list, %+v", from)
	}
	if err := p.Run(t.Context(),
		send(event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "r")))); err != nil {
		t.Fatal(err)
	}
	p, _ = d.restart(t, s, "", "")
	if from := p.Resume(""); from != (Resume{Checkpoint: "5", Compare: true}) {
		t.Errorf("within a list over a gap, %+v", from)
	}
	if err := p.Run(t.Context(),
		send(event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "r")), event(watch.Present, "", pod("a", "q")),
			listed("9"))); err != nil {
		t.Fatal(err)
	}
	want := []string{"create a/p initial", "create a/q initial", "create a/r recovered", "delete a/p recovered"}
	if diff := cmp.Diff(want, s.emitted); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestReplaced: when another pod has replaced one, the end of the first is emitted before
// the beginning of the second.
func TestReplaced(t *testing.T) {
	other := func(p *corev1.Pod) { p.UID = "other" }
	for name, second := range map[string][]watch.Event{
		"in a list": {
			event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "p", other)), event(watch.Listed, "", nil),
		},
		"live": {event(watch.Added, "", pod("a", "p", other))},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			events := append([]watch.Event{
				event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "p")), event(watch.Listed, "", nil),
			}, second...)
			run(t, s, nil, events...)
			if len(s.emitted) != 3 || s.emitted[1] != "delete a/p recovered" {
				t.Errorf("emitted %q", s.emitted)
			}
		})
	}
}

// TestScopes: streams resume from those of other namespaces.
func TestScopes(t *testing.T) {
	stored := func(streams ...string) *disk {
		d := newDisk()
		for _, ns := range streams {
			d.state[streamPrefix+ns] = []byte(`{"checkpoint":"7","covered":[""]}`)
		}
		p, _ := newDisk().restart(t, &sink{}, "", "")
		for _, ns := range []string{"a", "b"} {
			d.state[podPrefix+ns+"/p"] = p.set.Rules.Of(pod(ns, "p")).Append(nil)
		}
		return d
	}
	for name, c := range map[string]struct {
		before     []string
		selector   string
		namespaces []string
		want       []Resume
		left       int
		stored     []string // streams, in the end
	}{
		"the same":   {[]string{""}, "", []string{""}, []Resume{{"7", false}}, 0, []string{""}},
		"all to one": {[]string{""}, "", []string{"a"}, []Resume{{"7", false}}, 1, []string{"a"}},
		"one to all": {[]string{"a"}, "", []string{""}, []Resume{{"", false}}, 0, []string{""}},
		"one more": {
			[]string{"a"}, "", []string{"a", "b"}, []Resume{{"7", false}, {"", false}}, 0, []string{"a", "b"},
		},
		"one less":            {[]string{"a", "b"}, "", []string{"b"}, []Resume{{"7", false}}, 1, []string{"b"}},
		"other selector":      {[]string{""}, "app=web", []string{""}, []Resume{{"7", true}}, 0, []string{""}},
		"nothing was watched": {nil, "", []string{""}, []Resume{{"", false}}, 0, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			d := stored(c.before...)
			p, r := d.restart(t, &sink{}, c.selector, c.namespaces...)
			for i, ns := range c.namespaces {
				if got := p.Resume(ns); got != c.want[i] {
					t.Errorf("%q goes on from %+v, want %+v", ns, got, c.want[i])
				}
			}
			if want := (Restored{Pods: 2 - c.left, Left: c.left}); r != want {
				t.Errorf("restored %+v, want %+v", r, want)
			}
			if err := p.Run(t.Context(), send()); err != nil {
				t.Fatal(err)
			}
			var streams []string
			for _, key := range slices.Sorted(maps.Keys(d.state)) {
				if ns, ok := strings.CutPrefix(key, streamPrefix); ok {
					streams = append(streams, ns)
				}
			}
			if diff := cmp.Diff(c.stored, streams); diff != "" {
				t.Errorf("stored streams (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForeignState: a state that isn't ours is an error with its key.
func TestForeignState(t *testing.T) {
	for key, value := range map[string]string{"else": "", "pod/a/p": "\xff", "stream/": "{"} {
		p := New(Settings{Emitter: &sink{}, Meter: &meter{}, Journal: newDisk(), Stored: true})
		if _, err := p.Restore(0, maps.All(map[string][]byte{key: []byte(value)}), []string{""}); err == nil {
			t.Errorf("%q is restored", key)
		}
	}
}

// TestQuietChanges: changes without a record are stored within a second, but not in a
// transaction each.
func TestQuietChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		p, _ := d.restart(t, &sink{}, "", "")
		events := make(chan watch.Event)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), events) }()
		for rv := range 100 {
			mark := event(watch.Bookmark, "", nil)
			mark.ResourceVersion = strconv.Itoa(rv + 1)
			events <- mark
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if n := d.count(); n < 9 || n > 11 {
			t.Errorf("%d commits in 10 s, want one a second", n)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if stored := d.stored(streamPrefix); !strings.HasPrefix(stored, `{"checkpoint":"100"`) {
			t.Errorf("stored %s", stored)
		}
		before := d.count()
		time.Sleep(time.Minute)
		synctest.Wait()
		if d.count() != before {
			t.Error("commits go on where nothing happens")
		}
		close(events)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnnounce: dropped records are announced by a record, not more often than
// every few seconds.
func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		var drops []string
		s := &dropSink{emitted: &drops}
		p := New(Settings{Emitter: s, Meter: &meter{}, Journal: d, Stored: true})
		events := make(chan watch.Event)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), events) }()
		for i := range 30 { // 30 s
			synctest.Wait() // nobody looks at the journal
			d.drop = journal.Drop{Records: d.drop.Records + 2, FirstSeq: 1, LastSeq: uint64(i)}
			events <- event(watch.Added, "", pod("a", strconv.Itoa(i)))
			synctest.Wait()
			time.Sleep(999 * time.Millisecond) // not when it is announced
		}
		close(events)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []string{"2 of 1 to 0", "20 of 1 to 10", "20 of 1 to 20"}
		if diff := cmp.Diff(want, drops[:3]); diff != "" {
			t.Errorf("announced (-want +got):\n%s", diff)
		}
	})
}

type dropSink struct{ emitted *[]string }

func (s *dropSink) Emit(_ context.Context, r *record.Record) error {
	if r.Action == record.Drop {
		*s.emitted = append(*s.emitted, fmt.Sprint(r.Dropped.Records, " of ", r.Dropped.FirstSeq, " to ", r.Dropped.LastSeq))
	}
	return nil
}

func (*dropSink) Staged() int                              { return 0 }
func (*dropSink) Take() emit.Staged                        { return emit.Staged{} }
func (*dropSink) Write(context.Context, emit.Staged) error { return nil }

// TestRewoundIDs: a state that comes again after etcd went back gets another
// id.
func TestRewoundIDs(t *testing.T) {
	ids := &idSink{seen: map[record.ID]string{}}
	listed := func(rv string) watch.Event {
		ev := event(watch.Listed, "", nil)
		ev.ResourceVersion = rv
		return ev
	}
	version := func(rv, phase string) *corev1.Pod {
		return pod("a", "p", func(p *corev1.Pod) { p.ResourceVersion, p.Status.Phase = rv, corev1.PodPhase(phase) })
	}
	d := newDisk()
	p := New(Settings{Emitter: ids, Meter: &meter{}, Journal: d, Stored: true})
	if err := p.Run(t.Context(), send(
		event(watch.Listing, "", nil), listed("800"),
		event(watch.Added, "", version("900", "Pending")), event(watch.Modified, "", version("910", "Running")),
		event(watch.Modified, "", version("950", "Failed")),
		event(watch.Listing, "", nil), event(watch.Present, "", version("910", "Running")), listed("920"),
		event(watch.Listing, "", nil), listed("930"),
		event(watch.Listing, "", nil), event(watch.Present, "", version("910", "Running")), listed("920"),
		event(watch.Listing, "", nil), listed("930"),
	)); err != nil {
		t.Fatal(err)
	}
	if len(ids.twice) > 0 || len(ids.seen) != 7 {
		t.Errorf("%d ids; more than one record has %q", len(ids.seen), ids.twice)
	}
}

type idSink struct {
	seen  map[record.ID]string
	twice []string
}

func (s *idSink) Emit(_ context.Context, r *record.Record) error {
	if _, ok := s.seen[r.ID]; ok {
		s.twice = append(s.twice, r.Message)
	}
	s.seen[r.ID] = r.Message
	return nil
}

func (*idSink) Staged() int                              { return 0 }
func (*idSink) Take() emit.Staged                        { return emit.Staged{} }
func (*idSink) Write(context.Context, emit.Staged) error { return nil }

// TestUnwritten: lines of an earlier run are written and marked before the first group is
// committed, and only once.
func TestUnwritten(t *testing.T) {
	var steps []string
	s := &sink{write: func(context.Context) error { steps = append(steps, "write"); return nil }}
	d := &stepDisk{newDisk(), &steps}
	p := New(Settings{Emitter: s, Meter: &meter{}, Journal: d, Stored: true, Unwritten: []byte("of an earlier run\n")})
	if err := p.Run(t.Context(), send(event(watch.Added, "", pod("a", "p")))); err != nil {
		t.Fatal(err)
	}
	want := []string{"write", "mark", "commit", "write", "mark", "commit"}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if got, want := s.written.String(), "of an earlier run\ncreate a/p\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// stepDisk writes down the steps that are about it.
type stepDisk struct {
	*disk
	steps *[]string
}

func (d *stepDisk) Commit(ctx context.Context, g journal.Group) error {
	*d.steps = append(*d.steps, "commit")
	return d.disk.Commit(ctx, g)
}

func (d *stepDisk) Written() { *d.steps = append(*d.steps, "mark") }
