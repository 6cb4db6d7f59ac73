package pipeline

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is an emitter that makes a word or two of a record, for stdout and for OTLP.
type sink struct {
	mu      sync.Mutex
	emitted []string
	seqs    []uint64
	taken   int // of emitted
	size    int // bytes that it claims for each record
	written strings.Builder
	writes  int
	write   func(ctx context.Context) error // nil: succeeds
}

func (s *sink) Emit(_ context.Context, r *record.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	words := []string{r.Action.String(), r.Pod.Namespace + "/" + r.Pod.Name}
	if r.Container != nil {
		words = append(words, r.Container.Name)
	}
	if r.State != 0 {
		words = append(words, r.State.String())
	}
	if r.Initial {
		words = append(words, "initial")
	}
	if r.Recovered {
		words = append(words, "recovered")
	}
	s.emitted = append(s.emitted, strings.Join(words, " "))
	s.seqs = append(s.seqs, r.Seq)
	return nil
}

func (s *sink) Staged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return (len(s.emitted) - s.taken) * s.size
}

func (s *sink) Take() (staged emit.Staged) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.taken < len(s.emitted); s.taken++ {
		staged.Records = append(staged.Records, []byte(s.emitted[s.taken]))
		staged.Lines = append(staged.Lines, s.emitted[s.taken]+"\n"...)
	}
	return staged
}

func (s *sink) Write(ctx context.Context, staged emit.Staged) error {
	s.mu.Lock()
	s.writes++
	write := s.write
	s.written.Write(staged.Lines)
	s.mu.Unlock()
	if write == nil {
		return nil
	}
	return write(ctx)
}

// meter counts nothing but groups.
type meter struct{ groups int }

func (*meter) Event(string, watch.Kind)           {}
func (*meter) Record(record.Action, record.State) {}
func (m *meter) Group(time.Duration)              { m.groups++ }

func pod(namespace, name string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name), ResourceVersion: "1",
	}}
	for _, c := range change {
		c(p)
	}
	return p
}

func runs(p *corev1.Pod) {
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "c", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
}

func waits(p *corev1.Pod) {
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
	}}
}

// newPipeline returns a pipeline, with a large journal if s has none.
func newPipeline(s Settings) *Pipeline {
	if s.Journal == nil {
		s.Journal = journal.NewMemory(journal.Options{Capacity: 1 << 30})
	}
	return New(s)
}

func event(kind watch.Kind, stream string, p *corev1.Pod) watch.Event {
	return watch.Event{Kind: kind, Stream: stream, Object: p, Received: time.Now()}
}

func TestRecords(t *testing.T) {
	const all = ""
	for name, c := range map[string]struct {
		skipInitial bool
		events      []watch.Event
		want        []string
	}{
		"a life": {
			events: []watch.Event{
				event(watch.Listing, all, nil), event(watch.Listed, all, nil),
				event(watch.Added, all, pod("a", "p")),
				event(watch.Modified, all, pod("a", "p", runs)),
				event(watch.Bookmark, all, nil),
				event(watch.Deleted, all, pod("a", "p", runs)),
			},
			want: []string{"create a/p", "update a/p c running", "delete a/p"},
		},
		"existing pods": {
			events: []watch.Event{
				event(watch.Listing, all, nil),
				event(watch.Present, all, pod("a", "p", waits)),
				event(watch.Present, all, pod("a", "q", runs)),
				event(watch.Listed, all, nil),
				event(watch.Modified, all, pod("a", "p", runs)),
			},
			want: []string{"create a/p initial", "update a/p c waiting initial", "create a/q initial", "update a/p c running"},
		},
		"existing pods skipped": {
			skipInitial: true,
			events: []watch.Event{
				event(watch.Listing, all, nil), event(watch.Present, all, pod("a", "p", waits)), event(watch.Listed, all, nil),
				event(watch.Modified, all, pod("a", "p", runs)),
				event(watch.Deleted, all, pod("a", "p", runs)),
			},
			want: []string{"update a/p c running", "delete a/p"},
		},
		"a second list": {
			events: []watch.Event{
				event(watch.Listing, all, nil),
				event(watch.Present, all, pod("a", "same")), event(watch.Present, all, pod("a", "differs")),
				event(watch.Present, all, pod("a", "gone")),
				event(watch.Listed, all, nil),
				event(watch.Listing, all, nil),
				event(watch.Present, all, pod("a", "differs", runs)), event(watch.Present, all, pod("a", "same")),
				event(watch.Present, all, pod("a", "came", waits)),
				event(watch.Listed, all, nil),
			},
			want: []string{
				"create a/same initial", "create a/differs initial", "create a/gone initial",
				"update a/differs c running recovered", "create a/came recovered", "update a/came c waiting recovered",
				"delete a/gone recovered",
			},
		},
		"a first list that was cut": {
			events: []watch.Event{
				event(watch.Listing, all, nil), event(watch.Present, all, pod("a", "p")),
				event(watch.Present, all, pod("a", "gone")),
				event(watch.Listing, all, nil), event(watch.Present, all, pod("a", "p")), event(watch.Present, all, pod("a", "q")),
				event(watch.Listed, all, nil),
			},
			want: []string{"create a/p initial", "create a/gone initial", "create a/q initial", "delete a/gone recovered"},
		},
		"live events within a list": {
			events: []watch.Event{
				event(watch.Listing, all, nil),
				event(watch.Present, all, pod("a", "p")), event(watch.Present, all, pod("a", "q")),
				event(watch.Modified, all, pod("a", "p", runs)), event(watch.Deleted, all, pod("a", "q")),
				event(watch.Added, all, pod("a", "r")),
				event(watch.Listed, all, nil),
			},
			want: []string{"create a/p initial", "create a/q initial", "update a/p c running", "delete a/q", "create a/r"},
		},
		"a list is about its own namespace only": {
			events: []watch.Event{
				event(watch.Listing, "a", nil), event(watch.Present, "a", pod("a", "p")), event(watch.Listed, "a", nil),
				event(watch.Listing, "b", nil), event(watch.Present, "b", pod("b", "p")), event(watch.Listed, "b", nil),
				event(watch.Listing, "a", nil), event(watch.Listed, "a", nil),
				event(watch.Listing, "a", nil), event(watch.Listed, "a", nil),
			},
			want: []string{"create a/p initial", "create b/p initial", "delete a/p recovered"},
		},
		"added twice, modified and deleted unknown, as in a recording": {
			events: []watch.Event{
				event(watch.Added, all, pod("a", "p")), event(watch.Added, all, pod("a", "p", runs)),
				event(watch.Modified, all, pod("a", "q", runs)), event(watch.Deleted, all, pod("a", "r")),
			},
			want: []string{"create a/p", "update a/p c running", "update a/q c running", "delete a/r"},
		},
		"a pod of the same name is another pod": {
			events: []watch.Event{
				event(watch.Added, all, pod("a", "p", runs)),
				event(watch.Deleted, all, pod("a", "p", runs)),
				event(watch.Added, all, pod("a", "p", func(p *corev1.Pod) { p.UID = "other" })),
				event(watch.Modified, all, pod("a", "p", runs, func(p *corev1.Pod) { p.UID = "other" })),
			},
			want: []string{"create a/p", "delete a/p", "create a/p", "update a/p c running"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			p := newPipeline(Settings{Emitter: s, SkipInitial: c.skipInitial, Meter: &meter{}})
			if err := p.Run(t.Context(), send(c.events...)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, s.emitted); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			for i, seq := range s.seqs {
				if seq != uint64(i)+1 {
					t.Errorf("record %d has seq %d", i, seq)
				}
			}
		})
	}
}

// TestNothingToCommit: bookmarks and changes without records don't touch stdout and
// the journal.
func TestNothingToCommit(t *testing.T) {
	s, m := &sink{}, &meter{}
	p := newPipeline(Settings{Emitter: s, Meter: m})
	err := p.Run(t.Context(),
		send(event(watch.Listing, "", nil), event(watch.Listed, "", nil), event(watch.Bookmark, "", nil)))
	if err != nil || s.writes != 0 || m.groups != 0 {
		t.Errorf("%d writes, %d groups, error %v, want none", s.writes, m.groups, err)
	}
}

// TestOnListed: a complete list is reported once its pods are taken.
func TestOnListed(t *testing.T) {
	var pods []int
	var p *Pipeline
	p = newPipeline(Settings{Emitter: &sink{}, Meter: &meter{}, OnListed: func() { pods = append(pods, p.Pods()) }})
	err := p.Run(t.Context(), send(
		event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "p")), event(watch.Present, "", pod("a", "q")),
		event(watch.Listed, "", nil),
		event(watch.Listing, "", nil), event(watch.Present, "", pod("a", "p")), event(watch.Listed, "", nil),
	))
	if diff := cmp.Diff([]int{2, 1}, pods); diff != "" || err != nil {
		t.Errorf("pods after each list (-want +got), error %v:\n%s", err, diff)
	}
}

// TestManyAtOnce: one event can have as many records as there are pods; they
// are not all held in memory until the last one is encoded.
func TestManyAtOnce(t *testing.T) {
	const n = 10 * maxStaged
	events := []watch.Event{event(watch.Listing, "", nil)}
	for i := range n {
		events = append(events, event(watch.Present, "", pod("a", strconv.Itoa(i))))
	}
	events = append(events, event(watch.Listed, "", nil), event(watch.Listing, "", nil), event(watch.Listed, "", nil))
	s := &sink{}
	p := newPipeline(Settings{Emitter: s, SkipInitial: true, Meter: &meter{}})
	if err := p.Run(t.Context(), send(events...)); err != nil {
		t.Fatal(err)
	}
	if len(s.emitted) != n || s.writes < n/maxStaged {
		t.Errorf("%d records in %d writes, want %d in at least %d", len(s.emitted), s.writes, n, n/maxStaged)
	}
	if p.Pods() != 0 {
		t.Errorf("%d pods left, want none", p.Pods())
	}
}

// TestBackPressure: while stdout blocks, no event is taken, and Busy returns for how long.
// Then the pipeline continues.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		s := &sink{write: func(ctx context.Context) error {
			select {
			case <-free:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		p := newPipeline(Settings{Emitter: s, Meter: &meter{}})
		events := make(chan watch.Event)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), events) }()
		if busy := p.Busy(); busy != 0 {
			t.Errorf("busy for %v before anything came", busy)
		}
		events <- event(watch.Added, "", pod("a", "p"))
		synctest.Wait()
		time.Sleep(time.Minute)
		if busy := p.Busy(); busy != time.Minute {
			t.Errorf("busy for %v, want a minute", busy)
		}
		select {
		case events <- event(watch.Added, "", pod("a", "q")):
			t.Error("an event was taken while stdout blocked")
		default:
		}
		close(free)
		events <- event(watch.Added, "", pod("a", "q"))
		close(events)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"create a/p", "create a/q"}, s.emitted); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if p.Busy() != 0 {
			t.Error("still busy")
		}
	})
}

// TestFullOutbox: encoded records are committed in order, their lines are written once
// the journal has them, and a full outbox holds up later events.
func TestFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		outbox := journal.NewMemory(journal.Options{Capacity: int64(len("create a/0"))})
		p := newPipeline(Settings{Emitter: s, Journal: outbox, Meter: &meter{}})
		events := make(chan watch.Event)
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context(), events) }()
		events <- event(watch.Added, "", pod("a", "0"))
		synctest.Wait() // else both could be one group
		events <- event(watch.Added, "", pod("a", "1"))
		synctest.Wait()
		select {
		case events <- event(watch.Added, "", pod("a", "2")):
			t.Error("an event was taken while the outbox was full")
		default:
		}
		if len(s.emitted) != 2 || s.writes != 1 {
			t.Errorf("%d records in %d writes, want lines written only once the journal has them", len(s.emitted), s.writes)
		}
		var sent []string
		receive := func() {
			b, err := outbox.Outbox(journal.Logs).Next(t.Context(), 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			sent = append(sent, string(b.Records[0]))
			if err := outbox.Outbox(journal.Logs).Ack(b); err != nil {
				t.Fatal(err)
			}
		}
		receive()
		events <- event(watch.Added, "", pod("a", "2"))
		receive()
		receive()
		close(events)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"create a/0", "create a/1", "create a/2"}, sent); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

func TestEnd(t *testing.T) {
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := newPipeline(Settings{Emitter: &sink{}, Meter: &meter{}})
		if err := p.Run(ctx, make(chan watch.Event)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
	})
	t.Run("sink", func(t *testing.T) {
		broken := errors.New("broken")
		p := newPipeline(Settings{Emitter: &sink{write: func(context.Context) error { return broken }}, Meter: &meter{}})
		if err := p.Run(t.Context(), send(event(watch.Added, "", pod("a", "p")))); !errors.Is(err, broken) {
			t.Errorf("error %v, want that of the sink", err)
		}
	})
	t.Run("outbox", func(t *testing.T) {
		outbox := journal.NewMemory(journal.Options{Capacity: 100})
		outbox.Seal()
		p := newPipeline(Settings{Emitter: &sink{}, Meter: &meter{}, Journal: outbox})
		if err := p.Run(t.Context(), send(event(watch.Added, "", pod("a", "p")))); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("error %v, want %v", err, journal.ErrClosed)
		}
	})
}

// send returns a closed channel that holds the events.
func send(events ...watch.Event) <-chan watch.Event {
	ch := make(chan watch.Event, len(events))
	for _, ev := range events {
		ch <- ev
	}
	close(ch)
	return ch
}
