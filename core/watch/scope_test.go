package watch_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func TestOneStreamPerNamespace(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	srv.Create(pod("bank", "ledger"))
	shop := startReader(t, srv, "", watch.Settings{Namespace: "shop"})
	bank := startReader(t, srv, "", watch.Settings{Namespace: "bank"})
	// The list of a namespace ends at the resourceVersion of the whole server.
	shop.reached("1002")
	bank.reached("1002")
	touch(srv, "shop", "cart")
	touch(srv, "bank", "ledger")
	srv.Create(pod("mill", "wheel"))
	srv.Bookmark()
	shop.reached("1005")
	bank.reached("1005")
	shop.want("listing @", "present shop/cart @1001", "listed @1002", "modified shop/cart @1003")
	bank.want("listing @", "present bank/ledger @1002", "listed @1002", "modified bank/ledger @1004")
	for _, ev := range shop.seen() {
		if ev.Stream != "shop" {
			t.Errorf("event %s is of stream %q, want shop", line(ev), ev.Stream)
		}
	}
}

func labelled(name, app string) *corev1.Pod {
	p := pod("shop", name)
	p.Labels = map[string]string{"app": app}
	return p
}

func label(app string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels = map[string]string{"app": app} }
}

func TestLabelSelector(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{"protobuf": nil, "json": {apiscript.WithJSONOnly()}} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, opts...)
			srv.Create(labelled("in", "cart"))
			srv.Create(labelled("out", "till"))
			r := startReader(t, srv, "", watch.Settings{LabelSelector: "app=cart"})
			r.reached("1002")
			srv.Update("shop", "out", label("cart")) // enters
			srv.Update("shop", "in", label("till"))  // leaves
			touch(srv, "shop", "in")                 // unseen
			srv.Delete("shop", "in")                 // unseen
			srv.Delete("shop", "out")
			r.reached("1007")
			r.want(
				"listing @", "present shop/in @1001", "listed @1002",
				"added shop/out @1003", "deleted shop/in @1004", "deleted shop/out @1007",
			)
			if got := r.seen()[4].Pod().Labels["app"]; got != "cart" {
				t.Errorf("the pod that left has app=%s, want it as it was within the selection", got)
			}
		})
	}
}

func TestBadSelectorIsLogged(t *testing.T) {
	srv := newServer(t)
	r := startReader(t, srv, "", watch.Settings{LabelSelector: "a b"})
	r.restarted(watch.ReasonInvalid, 3)
	if !strings.Contains(r.log.String(), "unable to parse requirement") {
		t.Errorf("the log doesn't have the server's message:\n%s", r.log)
	}
}

// A reader that stops reading is cut off by the server, and comes back for the events
// that it missed. Only connection and sockets hold events meanwhile.
func TestBackPressure(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{"http": nil, "tls": {apiscript.WithTLS()}} {
		t.Run(name, func(t *testing.T) {
			const changes = 3000
			srv := newServer(t, append(opts, apiscript.WithPending(50), apiscript.WithHistory(2*changes))...)
			srv.Create(big("cart"))
			gate := make(chan struct{})
			r := startGated(t, srv, "1000", watch.Settings{}, gate)
			wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
			for range changes {
				touch(srv, "shop", "cart")
			}
			heard := r.stream.LastActivity()
			if n := len(r.seen()); n != 0 {
				t.Fatalf("%d events were taken, want none yet", n)
			}
			close(gate)
			r.reached(strconv.Itoa(1001 + changes))
			r.wantChanges(srv, 0)
			if n := count(r.seenReasons(), watch.ReasonClosed); n == 0 {
				t.Error("the server did not cut the stream off")
			}
			if !r.stream.LastActivity().After(heard) {
				t.Error("LastActivity stood still")
			}
			if n := count(r.seenReasons(), watch.ReasonExpired); n != 0 {
				t.Errorf("the history was lost %d times", n)
			}
		})
	}
}

// big is a pod that fills socket buffers fast: with 3000 versions of it 30 MB.
func big(name string) *corev1.Pod {
	p := pod("shop", name)
	p.Annotations = map[string]string{"filler": strings.Repeat("x", 10<<10)}
	return p
}

func TestContextEndsWhileBlocked(t *testing.T) {
	srv := newServer(t)
	pods(srv, 3)
	for name, s := range map[string]struct {
		settings watch.Settings
		from     string
		before   func()
	}{
		"on the reader, at a list":  {},
		"on the reader, at a watch": {from: "1000"},
		"on the reader, at a page":  {before: func() { srv.RefuseStreamingLists(true) }},
		"on the server":             {before: func() { srv.Hang() }},
		"on a pause": {
			settings: watch.Settings{BackoffInitial: time.Hour}, before: func() { srv.Resume(); srv.FailNext(1, 500, 0, "") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer srv.Resume()
			defer srv.RefuseStreamingLists(false)
			if s.before != nil {
				s.before()
			}
			asked := len(srv.Requests())
			r := startGated(t, srv, s.from, s.settings, make(chan struct{}))
			wait.Until(t, "a request", func() bool { return len(srv.Requests()) > asked })
			r.stop()
			if n := len(r.seen()); n != 0 {
				t.Errorf("%d events were taken, want none", n)
			}
		})
	}
}

func TestSeveralStreamsSeeTheSame(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	readers := []*reader{
		startReader(t, srv, "", watch.Settings{}),
		startReader(t, srv, "1000", watch.Settings{}),
	}
	readers[0].reached("1001")
	for i := range 200 {
		switch i % 50 {
		case 20:
			srv.CutStreams()
		case 40:
			srv.CutMidFrame()
		}
		touch(srv, "shop", "cart")
	}
	for _, r := range readers {
		r.reached("1201")
	}
	readers[0].wantChanges(srv, 1)
	readers[1].wantChanges(srv, 0)
}

func TestNoActivityBefore(t *testing.T) {
	s := watch.New(watch.Settings{})
	if !s.LastActivity().IsZero() || s.Synced() {
		t.Errorf("LastActivity() = %v, Synced() = %v before anything came", s.LastActivity(), s.Synced())
	}
}

// TestOpenWatchIsActivity: a server without news is active all the same, one that gives
// no answer is not.
func TestOpenWatchIsActivity(t *testing.T) {
	srv := newServer(t)
	r := startReader(t, srv, "1000", watch.Settings{Silence: 50 * time.Millisecond})
	for range 3 {
		before := time.Now()
		wait.Until(t, "the open watch is activity", func() bool { return r.stream.LastActivity().After(before) })
	}
	srv.Hang()
	n := count(r.seenReasons(), watch.ReasonStalled)
	r.restarted(watch.ReasonStalled, n+2)
	before := r.stream.LastActivity()
	r.restarted(watch.ReasonStalled, n+4)
	if !r.stream.LastActivity().Equal(before) {
		t.Error("a server that gives no answer is active")
	}
}

// TestSilenceNeedsNoBackoff: in a cluster where nothing changes, watches follow each
// other without ever longer pauses, which would miss events.
func TestSilenceNeedsNoBackoff(t *testing.T) {
	r := startReader(t, newServer(t), "1000",
		watch.Settings{Silence: 20 * time.Millisecond, BackoffInitial: 5 * time.Millisecond, BackoffMax: time.Hour})
	r.restarted(watch.ReasonStalled, 25)
}

func TestReasonsAreAClosedSet(t *testing.T) {
	seen := map[string]bool{}
	for _, reason := range watch.Reasons() {
		if reason == "" || seen[reason] {
			t.Errorf("reason %q is empty or there twice", reason)
		}
		seen[reason] = true
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for k := watch.Kind(0); k <= watch.Bookmark; k++ {
		seen[k.String()] = true
	}
	if len(seen) != int(watch.Bookmark)+1 || !seen["unknown"] {
		t.Errorf("names %v", seen)
	}
}
