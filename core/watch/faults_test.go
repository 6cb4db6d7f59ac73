package watch_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// Every fault hits a stream that has just read the pod shop/cart; more changes
// follow, and all of them must arrive once and in order.
func TestSurvives(t *testing.T) {
	internal := apierrors.NewInternalError(textError("etcd leader changed")).Status()
	for name, c := range map[string]struct {
		opts    []apiscript.Option
		fault   func(srv *apiscript.Server)
		reasons []string // one of them is reported
	}{
		"clean end": {
			fault: func(srv *apiscript.Server) { srv.EndStreams() }, reasons: []string{watch.ReasonClosed},
		},
		"connection cut": {
			fault: func(srv *apiscript.Server) { srv.CutStreams() }, reasons: []string{watch.ReasonClosed},
		},
		"connection cut, tls": {
			opts: []apiscript.Option{apiscript.WithTLS()}, fault: func(srv *apiscript.Server) { srv.CutStreams() },
			reasons: []string{watch.ReasonClosed},
		},
		"cut mid-frame": {
			fault: func(srv *apiscript.Server) { srv.CutMidFrame() }, reasons: []string{watch.ReasonClosed},
		},
		"cut mid-frame, tls": {
			opts:  []apiscript.Option{apiscript.WithTLS()},
			fault: func(srv *apiscript.Server) { srv.CutMidFrame() }, reasons: []string{watch.ReasonClosed},
		},
		"ERROR event 500": {
			fault: func(srv *apiscript.Server) { srv.ErrorEvent(internal) }, reasons: []string{watch.ReasonServerError},
		},
		"ERROR event 500, then another": {
			fault:   func(srv *apiscript.Server) { srv.ErrorNext(2, internal); srv.CutStreams() },
			reasons: []string{watch.ReasonServerError},
		},
		"HTTP 500": {fault: failing(3, 500), reasons: []string{watch.ReasonServerError}},
		"HTTP 502": {fault: failing(1, 502), reasons: []string{watch.ReasonServerError}},
		"HTTP 503": {fault: failing(2, 503), reasons: []string{watch.ReasonServerError}},
		"HTTP 504": {fault: failing(2, 504), reasons: []string{watch.ReasonTimeout}},
		"HTTP 429": {fault: failing(2, 429), reasons: []string{watch.ReasonThrottled}},
		"HTTP 401": {fault: failing(2, 401), reasons: []string{watch.ReasonUnauthorized}},
		"HTTP 403": {fault: failing(2, 403), reasons: []string{watch.ReasonForbidden}},
		"HTTP 404": {fault: failing(2, 404), reasons: []string{watch.ReasonOther}},
	} {
		t.Run(name, inBoth(func(t *testing.T, opts ...apiscript.Option) {
			srv := newServer(t, append(opts, c.opts...)...)
			srv.Create(pod("shop", "cart"))
			r := startReader(t, srv, "", watch.Settings{})
			r.reached("1001")
			for range 3 {
				touch(srv, "shop", "cart")
			}
			r.reached("1004")
			c.fault(srv)
			for range 5 {
				touch(srv, "shop", "cart")
			}
			srv.Delete("shop", "cart")
			r.reached("1010")
			r.restarted(c.reasons[0], 1)
			r.wantChanges(srv, 1)
			if diff := r.seenReasons(); slices.ContainsFunc(diff,
				func(s string) bool { return s != c.reasons[0] && s != watch.ReasonClosed }) {
				t.Errorf("reasons %v, want %v and %q alone", diff, c.reasons, watch.ReasonClosed)
			}
		}))
	}
}

type textError string

func (e textError) Error() string { return string(e) }

// failing cuts the stream and lets its next n requests fail.
func failing(n, status int) func(*apiscript.Server) {
	return func(srv *apiscript.Server) {
		srv.FailNext(n, status, 0, "")
		srv.CutStreams()
	}
}

func TestSurvivesWatchTimeout(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	r := startReader(t, srv, "", watch.Settings{WatchTimeoutMin: time.Second, WatchTimeoutMax: time.Second})
	r.restarted(watch.ReasonClosed, 1)
	touch(srv, "shop", "cart")
	r.reached("1002")
	r.wantChanges(srv, 1)
	requests := srv.Requests()
	if got := requests[0].Query.Get("timeoutSeconds"); got != "1" {
		t.Errorf("timeoutSeconds = %q, want 1", got)
	}
	if got := requests[len(requests)-1].Query.Get("resourceVersion"); got != "1001" {
		t.Errorf("resumed from resourceVersion %q, want 1001", got)
	}
}

func TestSurvivesRefusedConnection(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	r := startReader(t, srv, "", watch.Settings{})
	r.reached("1001")
	srv.Down()
	r.restarted(watch.ReasonRefused, 2)
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	touch(srv, "shop", "cart")
	r.reached("1002")
	// Nothing had changed while the server was away, so the checkpoint still holds.
	r.want("listing @", "present shop/cart @1001", "listed @1001", "modified shop/cart @1002")
}

func TestHonoursRetryAfter(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	r := startReader(t, srv, "", watch.Settings{})
	r.reached("1001")
	began := time.Now()
	srv.FailNext(1, http.StatusTooManyRequests, time.Second, "")
	srv.CutStreams()
	touch(srv, "shop", "cart")
	r.reached("1002")
	if took := time.Since(began); took < time.Second {
		t.Errorf("came back after %v, want a second at least", took)
	}
	if n := count(r.seenReasons(), watch.ReasonThrottled); n != 1 {
		t.Errorf("throttled %d times, want once: %v", n, r.seenReasons())
	}
}

// A hidden retry of rest.Request would not reach OnRestart.
func TestEveryRequestIsReported(t *testing.T) {
	srv := newServer(t)
	r := startReader(t, srv, "", watch.Settings{})
	r.reached("1000")
	srv.FailNext(4, http.StatusServiceUnavailable, 0, "")
	srv.EndStreams()
	r.restarted(watch.ReasonServerError, 4)
	wait.Until(t, "the stream to be back", func() bool { return srv.Streams() == 1 })
	made := len(srv.Requests()) - len(lists(srv))
	if reported := len(r.seenReasons()); reported != made-1 {
		t.Errorf("%d restarts were reported, %d watches requested", reported, made)
	}
}

func TestLogsDenials(t *testing.T) {
	srv := newServer(t)
	srv.FailNext(1, http.StatusForbidden, 0, "")
	r := startReader(t, srv, "", watch.Settings{Namespace: "shop"})
	r.reached("1000")
	want := []string{
		"level=ERROR",
		`msg="may not watch pods in namespace shop; no records are emitted until then; allow it with a Role in namespace shop: `,
		`{apiGroups: [\"\"], resources: [pods], verbs: [list, watch]}`, "verb=watch", "resource=pods", "namespace=shop", `cannot watch resource`,
	}
	for _, w := range want {
		if !strings.Contains(r.log.String(), w) {
			t.Errorf("the log lacks %s:\n%s", w, r.log)
		}
	}
}

func TestSilentServerIsLeft(t *testing.T) {
	for name, stall := range map[string]func(*apiscript.Server){
		"open stream": func(srv *apiscript.Server) { srv.Hang() },
		"new request": func(srv *apiscript.Server) { srv.Hang(); srv.CutStreams() },
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, apiscript.WithBookmarks(5*time.Millisecond))
			srv.Create(pod("shop", "cart"))
			r := startReader(t, srv, "", watch.Settings{Silence: 200 * time.Millisecond})
			r.reached("1001")
			stall(srv)
			r.restarted(watch.ReasonStalled, 1)
			srv.Resume()
			touch(srv, "shop", "cart")
			r.reached("1002")
			r.wantChanges(srv, 1)
		})
	}
}

func TestBackoffGrowsAndStartsOver(t *testing.T) {
	const initial = 20 * time.Millisecond
	srv := newServer(t)
	srv.FailNext(5, http.StatusInternalServerError, 0, "")
	r := startReader(t, srv, "1000", watch.Settings{BackoffInitial: initial, BackoffMax: 10 * time.Second})
	srv.Create(pod("shop", "cart"))
	r.reached("1001")
	srv.FailNext(1, http.StatusInternalServerError, 0, "")
	srv.CutStreams()
	touch(srv, "shop", "cart")
	r.reached("1002")
	// Each pause is half as long again as the one before, give or take half.
	// That of the cut, at index 5, may be none.
	waits, want := r.waits(), float64(initial)
	for i := range 5 {
		if got := float64(waits[i]); got < want/2 || got > want*3/2+1 {
			t.Errorf("pause %d was %v, want about %v", i, waits[i], time.Duration(want))
		}
		want *= 1.5
	}
	if last := waits[len(waits)-1]; len(waits) != 7 || last > 3*initial {
		t.Errorf("pauses %v, want 7, the last two short again", waits)
	}
}

// waits returns the pauses in the log.
func (r *reader) waits() (waits []time.Duration) {
	for _, m := range regexp.MustCompile(`wait=(\S+)`).FindAllStringSubmatch(r.log.String(), -1) {
		d, err := time.ParseDuration(m[1])
		if err != nil {
			r.t.Fatal(err)
		}
		waits = append(waits, d)
	}
	return waits
}

func TestResumesAtOnceAfterGoodStream(t *testing.T) {
	srv := newServer(t)
	r := startReader(t, srv, "", watch.Settings{BackoffInitial: 50 * time.Millisecond, BackoffMax: time.Hour})
	r.reached("1000")
	listed := time.Now()
	srv.Create(pod("shop", "cart"))
	r.reached("1001")
	wait.Until(t, "the stream to be old enough", func() bool { return time.Since(listed) > 50*time.Millisecond })
	srv.EndStreams()
	r.restarted(watch.ReasonClosed, 1)
	touch(srv, "shop", "cart")
	r.reached("1002")
	if !strings.Contains(r.log.String(), `level=DEBUG msg="watch ended, resuming"`) || !strings.Contains(r.log.String(), "wait=0s") {
		t.Errorf("did not resume at once, or made noise:\n%s", r.log)
	}
}

// A server that ends every watch after one event is not asked without a pause.
func TestShortStreamsArePaused(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	r := startReader(t, srv, "1000", watch.Settings{BackoffInitial: time.Hour, BackoffMax: time.Hour})
	r.reached("1001")
	srv.EndStreams()
	r.restarted(watch.ReasonClosed, 1)
	wait.Until(t, "the line in the log", func() bool { return strings.Contains(r.log.String(), "watch interrupted") })
}
