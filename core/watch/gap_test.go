package watch_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// The history can end while there is no watch: the gap is as long as that time.
func TestGapOverRestart(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{
		"as ERROR event": nil, "as HTTP 410": {apiscript.WithHTTPGone()},
	} {
		t.Run(name, func(t *testing.T) {
			for name, c := range map[string]struct {
				since time.Time
				least time.Duration
				log   string
			}{
				"known":                  {time.Now().Add(-time.Hour), time.Hour, " gap=1h0m"},
				"unknown":                {time.Time{}, 0, ""},
				"the clock stepped back": {time.Now().Add(time.Hour), 0, " gap=0s"},
			} {
				t.Run(name, func(t *testing.T) {
					srv := newServer(t, opts...)
					pods(srv, 3)
					m := remember(srv.All())
					touch(srv, "shop", "p0")
					srv.Delete("shop", "p1")
					srv.Expire()
					r := startReader(t, srv, "1003", watch.Settings{Since: c.since, Known: m.known, BackoffInitial: time.Hour})
					r.reached("1005")
					r.want("listing @1003", "present shop/p0 @1004", "present shop/p2 @1003", "listed @1005")
					r.wantGap(watch.Gap{Reason: watch.ReasonExpired, From: "1003", To: "1005", Objects: 2})
					if got := r.seenGaps()[0].Length; got < c.least || got > c.least+wait.Patience ||
						got != got.Round(time.Millisecond) {
						t.Errorf("the gap was %v long, want %v", got, c.least)
					}
					if !strings.Contains(r.log.String(), c.log) || c.log == "" && strings.Contains(r.log.String(), " gap=") {
						t.Errorf("the log has another length than %q:\n%s", c.log, r.log)
					}
				})
			}
		})
	}
}

// While the stream runs, a gap begins with the server's last activity, whenever the run
// began.
func TestGapWhileRunning(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	r := startReader(t, srv, "1000", watch.Settings{Since: time.Now().Add(-time.Hour)})
	r.reached("1001")
	const down = 100 * time.Millisecond
	srv.Down()
	touch(srv, "shop", "p0")
	time.Sleep(down)
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	r.reached("1002")
	r.wantGap(watch.Gap{Reason: watch.ReasonExpired, From: "1001", To: "1002", Objects: 1})
	if got := r.seenGaps()[0].Length; got < down || got > wait.Patience {
		t.Errorf("the gap was %v long, want %v at least", got, down)
	}
}

// Whatever happens to the list that will end a gap, it is one gap.
func TestGapIsOne(t *testing.T) {
	for name, fault := range map[string]func(*apiscript.Server){
		"list cut": func(srv *apiscript.Server) { srv.CutListAfter(1) },
		"history gone twice": func(srv *apiscript.Server) {
			srv.FailNext(4, http.StatusGone, 0, metav1.StatusReasonExpired)
		},
		"checkpoint refused": func(srv *apiscript.Server) {
			srv.FailNext(1, http.StatusGone, 0, metav1.StatusReasonExpired)
			srv.FailNext(1, http.StatusBadRequest, 0, "")
		},
		"server fails": func(srv *apiscript.Server) {
			srv.FailNext(1, http.StatusGone, 0, metav1.StatusReasonExpired)
			srv.FailNext(5, http.StatusInternalServerError, 0, "")
		},
		"pages": func(srv *apiscript.Server) {
			srv.RefuseStreamingLists(true)
			srv.FailNext(1, http.StatusGone, 0, metav1.StatusReasonExpired)
			srv.PassNext(2) // the streaming list and the first page
			srv.FailNext(1, http.StatusGone, 0, metav1.StatusReasonExpired)
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			pods(srv, 3)
			srv.Expire()
			fault(srv)
			r := startReader(t, srv, "1001", watch.Settings{PageSize: 2})
			r.reached("1003")
			r.wantGap(watch.Gap{Reason: watch.ReasonExpired, From: "1001", To: "1003", Objects: 3})
			touch(srv, "shop", "p0")
			r.reached("1004")
		})
	}
}

// A server can be rewound while the list that another gap made due is read.
func TestRewoundDuringList(t *testing.T) {
	srv := newServer(t)
	pods(srv, 3)
	srv.HoldLists(true)
	r := startReader(t, srv, "7", watch.Settings{})
	r.got("present shop/p2 @1003")
	srv.Rewind(5)
	pods(srv, 1)
	srv.HoldLists(false)
	r.reached("6")
	r.wantGap(watch.Gap{Reason: watch.ReasonExpired, From: "7", To: "6", Objects: 1})
}

// The first list ends no gap, even if it is cut.
func TestFirstListIsNoGap(t *testing.T) {
	srv := newServer(t)
	pods(srv, 2)
	srv.CutListAfter(1)
	r := startReader(t, srv, "", watch.Settings{Since: time.Now().Add(-time.Hour)})
	r.reached("1002")
	r.wantNoGap()
	if strings.Contains(r.log.String(), "watch history") || len(lists(srv)) != 0 {
		t.Errorf("lists %v, log:\n%s", lists(srv), r.log)
	}
}

// With Compare a run begins with a list over a gap, although the history is there.
func TestCompare(t *testing.T) {
	srv := newServer(t)
	pods(srv, 2)
	r := startReader(t, srv, "1002", watch.Settings{Compare: true})
	r.reached("1002")
	r.want("listing @1002", "present shop/p0 @1001", "present shop/p1 @1002", "listed @1002")
	r.wantGap(watch.Gap{Reason: watch.ReasonCompare, From: "1002", To: "1002", Objects: 2})
}
