package watch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// reader runs a stream and collects its events, in one goroutine.
type reader struct {
	t      *testing.T
	stream *watch.Stream
	log    *logbuffer.Buffer

	mu      sync.Mutex
	events  []watch.Event
	reasons []string
	gaps    []watch.Gap
	changed chan struct{} // capacity 1
	gate    chan struct{} // closed = the reader reads

	cancel context.CancelFunc
	done   chan error
}

// fast are timings that keep the tests short.
func fast(s watch.Settings) watch.Settings {
	setDefault(&s.BackoffInitial, time.Millisecond)
	setDefault(&s.BackoffMax, 10*time.Millisecond)
	return s
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

func startReader(t *testing.T, srv *apiscript.Server, from string, s watch.Settings) *reader {
	t.Helper()
	gate := make(chan struct{})
	close(gate)
	return startGated(t, srv, from, s, gate)
}

// startGated starts a reader that takes nothing before gate is closed.
func startGated(t *testing.T, srv *apiscript.Server, from string, s watch.Settings, gate chan struct{}) *reader {
	t.Helper()
	return startAt(t, srv.Config(), from, s, gate)
}

func startAt(t *testing.T, cfg *rest.Config, from string, s watch.Settings, gate chan struct{}) *reader {
	t.Helper()
	client, err := watch.NewClient(cfg, appsv1.AddToScheme)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, log: new(logbuffer.Buffer), changed: make(chan struct{}, 1), gate: gate, done: make(chan error, 1)}
	s = fast(s)
	s.Client = client
	s.Logger = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.OnRestart = func(reason string) { r.note(func() { r.reasons = append(r.reasons, reason) }) }
	s.OnGap = func(gap watch.Gap) { r.note(func() { r.gaps = append(r.gaps, gap) }) }
	r.stream = watch.New(s)
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	out := make(chan watch.Event)
	var collecting sync.WaitGroup
	collecting.Go(func() { r.collect(ctx, out) })
	go func() {
		err := r.stream.Run(ctx, from, out)
		collecting.Wait()
		r.done <- err
	}()
	t.Cleanup(r.stop)
	return r
}

func (r *reader) collect(ctx context.Context, out <-chan watch.Event) {
	select {
	case <-r.gate:
	case <-ctx.Done():
		return
	}
	for {
		select {
		case ev := <-out:
			r.note(func() { r.events = append(r.events, ev) })
		case <-ctx.Done():
			return
		}
	}
}

func (r *reader) note(what func()) {
	r.mu.Lock()
	what()
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// stop ends the stream and checks how it ends. It may be called twice.
func (r *reader) stop() {
	r.t.Helper()
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	select {
	case err := <-r.done:
		if !errors.Is(err, context.Canceled) {
			r.t.Errorf("Run returned %v, want %v", err, context.Canceled)
		}
	case <-time.After(wait.Patience):
		r.t.Error("Run did not return")
	}
	if r.t.Failed() {
		r.t.Logf("log of the stream:\n%s", r.log)
	}
}

// until waits for a condition on the events and reasons so far.
func (r *reader) until(what string, ok func(events []watch.Event, reasons []string) bool) {
	r.t.Helper()
	deadline := time.After(wait.Patience)
	for {
		r.mu.Lock()
		hit := ok(r.events, r.reasons)
		r.mu.Unlock()
		if hit {
			return
		}
		select {
		case <-r.changed:
		case <-deadline:
			r.t.Fatalf("waited in vain for %s\nevents: %v\nreasons: %v\nlog:\n%s", what, r.lines(), r.seenReasons(), r.log)
		}
	}
}

// reached waits for the checkpoint, in live events or at the end of a list.
func (r *reader) reached(rv string) {
	r.t.Helper()
	r.until("checkpoint "+rv, func(events []watch.Event, _ []string) bool {
		n := len(events)
		return n > 0 && events[n-1].ResourceVersion == rv && events[n-1].Kind != watch.Present &&
			events[n-1].Kind != watch.Listing
	})
}

// got waits for the newest event to be the one of the line.
func (r *reader) got(want string) {
	r.t.Helper()
	r.until(want, func(events []watch.Event, _ []string) bool {
		n := len(events)
		return n > 0 && line(events[n-1]) == want
	})
}

// restarted waits for a reason to have been reported n times.
func (r *reader) restarted(reason string, n int) {
	r.t.Helper()
	r.until(fmt.Sprintf("reason %q, %d times", reason, n), func(_ []watch.Event, reasons []string) bool {
		return count(reasons, reason) >= n
	})
}

func count(list []string, s string) (n int) {
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}

func (r *reader) seen() []watch.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *reader) seenReasons() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reasons)
}

func (r *reader) seenGaps() []watch.Gap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.gaps)
}

// wantGap holds that there was this gap, of any length, and no other, and that the
// log warns of it once.
func (r *reader) wantGap(want watch.Gap) {
	r.t.Helper()
	r.until("a gap", func([]watch.Event, []string) bool { return len(r.gaps) > 0 })
	gaps := r.seenGaps()
	for i := range gaps {
		gaps[i].Length = 0
	}
	if diff := cmp.Diff([]watch.Gap{want}, gaps); diff != "" {
		r.t.Errorf("gaps (-want +got):\n%s", diff)
	}
	why := "watch history was gone, "
	if want.Reason == watch.ReasonCompare {
		why = ""
	}
	line := fmt.Sprintf(`level=WARN msg="%sthe full list was compared" namespace="" from=%s to=%s pods=%d reason=%s`,
		why, want.From, want.To, want.Objects, want.Reason)
	if n := strings.Count(r.log.String(), "the full list was compared"); n != 1 ||
		!strings.Contains(r.log.String(), line) {
		r.t.Errorf("the log has %d gaps, want one with\n%s\n%s", n, line, r.log)
	}
	if n := strings.Count(r.log.String(), "events were missed, reading the full list"); n != 1 {
		r.t.Errorf("the log has the beginning of %d gaps, want one\n%s", n, r.log)
	}
}

// wantNoGap holds that there was none.
func (r *reader) wantNoGap() {
	r.t.Helper()
	if gaps := r.seenGaps(); len(gaps) > 0 {
		r.t.Errorf("gaps %+v", gaps)
	}
}

// lists are the limits of the lists that were asked for.
func lists(srv *apiscript.Server) (limits []string) {
	for _, q := range srv.Requests() {
		if q.Verb == "list" {
			limits = append(limits, q.Query.Get("limit"))
		}
	}
	return limits
}

// lines are the events without bookmarks, one line each.
func (r *reader) lines() []string {
	var lines []string
	for _, ev := range r.seen() {
		if ev.Kind != watch.Bookmark {
			lines = append(lines, line(ev))
		}
	}
	return lines
}

func line(ev watch.Event) string {
	if ev.Object == nil {
		return fmt.Sprintf("%s @%s", ev.Kind, ev.ResourceVersion)
	}
	meta := ev.Object.GetObjectMeta()
	return fmt.Sprintf("%s %s/%s @%s", ev.Kind, meta.GetNamespace(), meta.GetName(), ev.ResourceVersion)
}

// want compares all events but bookmarks.
func (r *reader) want(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.lines()); diff != "" {
		r.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// wantChanges compares the live events with the server's changes from number skip on.
func (r *reader) wantChanges(srv *apiscript.Server, skip int) {
	r.t.Helper()
	var want, got []string
	for _, c := range srv.Changes()[skip:] {
		want = append(want, fmt.Sprintf("%s %s @%s", c.Type, c.Name, c.ResourceVersion))
	}
	names := map[watch.Kind]string{watch.Added: "ADDED", watch.Modified: "MODIFIED", watch.Deleted: "DELETED"}
	for _, ev := range r.seen() {
		if ev.Kind.Live() {
			got = append(got, fmt.Sprintf("%s %s @%s", names[ev.Kind], ev.Pod().Name, ev.ResourceVersion))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("live events (-want +got):\n%s", diff)
	}
}

// inBoth runs a test with a server that speaks protobuf, and with one that speaks
// JSON only.
func inBoth(test func(t *testing.T, opts ...apiscript.Option)) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		t.Run("protobuf", func(t *testing.T) { test(t) })
		t.Run("json", func(t *testing.T) { test(t, apiscript.WithJSONOnly()) })
	}
}

func newServer(t *testing.T, opts ...apiscript.Option) *apiscript.Server {
	t.Helper()
	srv := apiscript.NewServer(append(opts, apiscript.WithAddress(freeport.Address(t)))...)
	t.Cleanup(srv.Close)
	return srv
}

func pod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// touch makes a new version of a pod.
func touch(srv *apiscript.Server, namespace, name string) {
	srv.Update(namespace, name, func(p *corev1.Pod) {
		p.Status.Message += "x"
	})
}
