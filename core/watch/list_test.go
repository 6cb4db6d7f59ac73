package watch_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// pods creates p0, p1, ... in the namespace shop, at 1001, 1002, ...
func pods(srv *apiscript.Server, n int) {
	for i := range n {
		srv.Create(pod("shop", fmt.Sprintf("p%d", i)))
	}
}

func TestHistoryIsGone(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{
		"as ERROR event":       nil,
		"as ERROR event, json": {apiscript.WithJSONOnly()},
		"as HTTP 410":          {apiscript.WithHTTPGone()},
		"as HTTP 410, tls":     {apiscript.WithHTTPGone(), apiscript.WithTLS()},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, opts...)
			pods(srv, 2)
			r := startReader(t, srv, "", watch.Settings{})
			r.reached("1002")
			srv.Down()
			srv.Delete("shop", "p0")
			touch(srv, "shop", "p1")
			if err := srv.Up(); err != nil {
				t.Fatal(err)
			}
			r.reached("1004")
			touch(srv, "shop", "p1")
			r.reached("1005")
			r.want(
				"listing @", "present shop/p0 @1001", "present shop/p1 @1002", "listed @1002",
				"listing @1002", "present shop/p1 @1004", "listed @1004",
				"modified shop/p1 @1005",
			)
			if n := count(r.seenReasons(), watch.ReasonExpired); n != 1 {
				t.Errorf("expired %d times, want once: %v", n, r.seenReasons())
			}
			r.wantGap(watch.Gap{Reason: watch.ReasonExpired, From: "1002", To: "1004", Objects: 1})
		})
	}
}

func TestStoredCheckpointIsGone(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	r := startReader(t, srv, "7", watch.Settings{BackoffInitial: time.Hour})
	r.reached("1001") // at once, the pause would take an hour
	r.want("listing @7", "present shop/p0 @1001", "listed @1001")
}

// A checkpoint that is no resourceVersion is not requested: servers accept "0" as any,
// and answer others with code 500.
func TestStoredCheckpointIsUnreadable(t *testing.T) {
	for _, from := range []string{
		"not-a-number", "0", "00", "007", "-1", "1e3", " 1000", "1000 ", "18446744073709551616",
	} {
		t.Run(from, func(t *testing.T) {
			srv := newServer(t)
			pods(srv, 1)
			r := startReader(t, srv, from,
				watch.Settings{Known: func(watch.Object) bool { t.Error("Known was asked"); return true }})
			r.reached("1001")
			r.want("listing @"+from, "present shop/p0 @1001", "listed @1001")
			r.until("the gap", func([]watch.Event, []string) bool { return len(r.gaps) == 1 })
			want := watch.Gap{Reason: watch.ReasonInvalid, From: from, To: "1001", Objects: 1}
			if diff := cmp.Diff(want, r.seenGaps()[0]); diff != "" {
				t.Errorf("gap (-want +got):\n%s", diff)
			}
			if got := r.seenReasons(); len(got) > 0 || len(srv.Requests()) != 1 {
				t.Errorf("restarted for %v, requests %v", got, srv.Requests())
			}
		})
	}
}

// Any number that a server can read is a resourceVersion.
func TestStoredCheckpointIsHuge(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	r := startReader(t, srv, "18446744073709551615", watch.Settings{})
	r.reached("1001")
	r.wantGap(watch.Gap{Reason: watch.ReasonRewound, From: "18446744073709551615", To: "1001", Objects: 1})
}

// A checkpoint that only the server doesn't like.
func TestCheckpointIsRefused(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	srv.FailNext(1, http.StatusBadRequest, 0, "")
	r := startReader(t, srv, "1000", watch.Settings{})
	r.reached("1001")
	r.want("listing @1000", "present shop/p0 @1001", "listed @1001")
}

// Missing rights, a crowd or an absent server have nothing to do with streaming lists.
func TestOtherTroubleLeadsToNoPages(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			srv := newServer(t)
			pods(srv, 1)
			srv.FailNext(5, status, 0, "")
			r := startReader(t, srv, "", watch.Settings{})
			r.reached("1001")
			r.want("listing @", "present shop/p0 @1001", "listed @1001")
			for _, q := range srv.Requests() {
				if q.Verb == "list" {
					t.Error("asked for a list")
				}
			}
		})
	}
}

// A list is long enough for pods to change meanwhile.
func TestChangesDuringStreamingList(t *testing.T) {
	srv := newServer(t)
	pods(srv, 3)
	srv.HoldLists(true)
	r := startReader(t, srv, "", watch.Settings{})
	r.got("present shop/p2 @1003")
	touch(srv, "shop", "p0")
	srv.Delete("shop", "p1")
	srv.Create(pod("shop", "p3"))
	srv.Bookmark() // held back, as by the real server
	r.got("present shop/p3 @1006")
	if r.stream.Synced() {
		t.Error("synced before the list was complete")
	}
	srv.HoldLists(false)
	r.reached("1006")
	r.want(
		"listing @", "present shop/p0 @1001", "present shop/p1 @1002", "present shop/p2 @1003",
		"modified shop/p0 @1004", "deleted shop/p1 @1005", "present shop/p3 @1006", "listed @1006",
	)
}

// A pod of the list can make way for another one of its name meanwhile.
func TestPodIsReplacedDuringStreamingList(t *testing.T) {
	srv := newServer(t)
	pods(srv, 2)
	srv.HoldLists(true)
	r := startReader(t, srv, "5", watch.Settings{})
	r.got("present shop/p1 @1002")
	srv.Delete("shop", "p0")
	srv.Create(pod("shop", "p0"))
	r.got("present shop/p0 @1004")
	srv.HoldLists(false)
	r.reached("1004")
	r.want("listing @5", "present shop/p0 @1001", "present shop/p1 @1002", "deleted shop/p0 @1003",
		"present shop/p0 @1004", "listed @1004")
	events := r.lives("p0")
	if events[0].UID != events[1].UID || events[0].UID == events[2].UID {
		t.Errorf("uids %s, %s and %s, want the third to be another", events[0].UID, events[1].UID, events[2].UID)
	}
}

// lives returns the pods of this name in the order in which they came.
func (r *reader) lives(name string) (pods []*corev1.Pod) {
	for _, ev := range r.seen() {
		if ev.Pod() != nil && ev.Pod().Name == name {
			pods = append(pods, ev.Pod())
		}
	}
	return pods
}

// The checkpoint does not move during a list, so a list that was cut begins anew, with
// the same beginning of the gap.
func TestListBeginsAnewWhenCut(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		pods(srv, 3)
		srv.CutListAfter(2)
		r := startReader(t, srv, "5", watch.Settings{})
		r.reached("1003")
		p0, p1, p2 := "present shop/p0 @1001", "present shop/p1 @1002", "present shop/p2 @1003"
		r.want("listing @5", p0, p1, "listing @5", p0, p1, p2, "listed @1003")
		r.wantGap(watch.Gap{Reason: watch.ReasonExpired, From: "5", To: "1003", Objects: 3})
	})(t)
}

func TestStreamingListIsRefused(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		pods(srv, 5)
		srv.RefuseStreamingLists(true)
		r := startReader(t, srv, "", watch.Settings{PageSize: 2})
		r.reached("1005")
		touch(srv, "shop", "p0")
		r.reached("1006")
		want := []string{"listing @"}
		for i := range 5 {
			want = append(want, fmt.Sprintf("present shop/p%d @%d", i, 1001+i))
		}
		want = append(want, "listed @1005", "modified shop/p0 @1006")
		r.want(want...)

		srv.Down()
		touch(srv, "shop", "p1")
		if err := srv.Up(); err != nil {
			t.Fatal(err)
		}
		r.reached("1007")
		streaming := 0
		for _, q := range srv.Requests() {
			if q.Query.Get("sendInitialEvents") != "" {
				streaming++
			}
		}
		if streaming != 1 {
			t.Errorf("asked for a streaming list %d times, want once: it is to be remembered", streaming)
		}
	})(t)
}

func TestPagesAreBounded(t *testing.T) {
	srv := newServer(t)
	pods(srv, 5)
	srv.RefuseStreamingLists(true)
	r := startReader(t, srv, "", watch.Settings{PageSize: 2})
	r.reached("1005")
	pages := 0
	for _, q := range srv.Requests() {
		if q.Verb == "list" {
			pages++
			if got := q.Query.Get("limit"); got != "2" {
				t.Errorf("asked for a page of %q, want 2", got)
			}
		}
	}
	if pages != 3 {
		t.Errorf("read %d pages, want 3", pages)
	}
}

func TestStreamingListIsIgnored(t *testing.T) {
	srv := newServer(t)
	pods(srv, 2)
	srv.IgnoreStreamingLists(true)
	r := startReader(t, srv, "", watch.Settings{})
	r.got("present shop/p1 @1002")
	srv.Bookmark() // comes without the mark: so there will never be one
	r.reached("1002")
	p0, p1 := "present shop/p0 @1001", "present shop/p1 @1002"
	r.want("listing @", p0, p1, "listing @", p0, p1, "listed @1002")
}

func TestStreamingListIsIgnoredWithoutBookmarks(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	srv.IgnoreStreamingLists(true)
	r := startReader(t, srv, "", watch.Settings{Silence: 2 * time.Second}) // more than a busy machine takes for the pages
	r.reached("1001")
	if count(r.seenReasons(), watch.ReasonStalled) != 1 {
		t.Errorf("restarted for %v, want one %q", r.seenReasons(), watch.ReasonStalled)
	}
}

// The answer of an API server whose etcd is too old looks like a passing failure.
func TestStreamingListFailsForGood(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		pods(srv, 1)
		srv.ErrorNext(3, apierrors.NewInternalError(textError("RequestWatchProgress is disabled")).Status())
		r := startReader(t, srv, "", watch.Settings{})
		r.reached("1001")
		wait.Until(t, "the watch", func() bool { return len(srv.Requests()) == 5 })
		var verbs []string
		for _, q := range srv.Requests() {
			verbs = append(verbs, q.Verb)
		}
		if got, want := strings.Join(verbs, " "), "watch watch watch list watch"; got != want {
			t.Errorf("requests %q, want %q", got, want)
		}
	})(t)
}

// Without the right to list, pages must not be the end of it.
func TestPagesAreForbidden(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	srv.FailNext(3, http.StatusServiceUnavailable, 0, "")
	srv.FailNext(1, http.StatusForbidden, 0, "")
	r := startReader(t, srv, "", watch.Settings{})
	r.reached("1001")
	if !strings.Contains(r.log.String(), "verb=list") {
		t.Errorf("the log doesn't have the verb list:\n%s", r.log)
	}
	last := srv.Requests()[len(srv.Requests())-1]
	if last.Query.Get("sendInitialEvents") != "true" {
		t.Errorf("the last request was %+v, want a streaming list", last)
	}
}

func TestPagedListIsCut(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		pods(srv, 3)
		srv.RefuseStreamingLists(true)
		srv.CutListAfter(2)
		r := startReader(t, srv, "", watch.Settings{PageSize: 2})
		r.reached("1003")
		p0, p1, p2 := "present shop/p0 @1001", "present shop/p1 @1002", "present shop/p2 @1003"
		r.want("listing @", p0, p1, "listing @", p0, p1, p2, "listed @1003")
	})(t)
}

// The history can end between two pages. The first time the list begins anew, the
// second time it is read without pages.
func TestPagedListExpires(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		pods(srv, 3)
		srv.RefuseStreamingLists(true)
		srv.PassNext(1) // the streaming list, which is refused
		for range 2 {
			srv.PassNext(1)
			srv.FailNext(1, http.StatusGone, 0, metav1.StatusReasonExpired)
		}
		r := startReader(t, srv, "", watch.Settings{PageSize: 2})
		r.reached("1003")
		p0, p1, p2 := "present shop/p0 @1001", "present shop/p1 @1002", "present shop/p2 @1003"
		r.want("listing @", p0, p1, "listing @", p0, p1, "listing @", p0, p1, p2, "listed @1003")
		var limits []string
		for _, q := range srv.Requests() {
			if q.Verb == "list" {
				limits = append(limits, q.Query.Get("limit"))
			}
		}
		if got, want := strings.Join(limits, " "), "2 2 2 2 "; got != want {
			t.Errorf("the lists had the limits %q, want %q", got, want)
		}
	})(t)
}

func TestTooLargeResourceVersion(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		t.Run("passes", func(t *testing.T) {
			srv := newServer(t, opts...)
			pods(srv, 1)
			srv.FailNextStatus(2, apiscript.TooLarge())
			r := startReader(t, srv, "1000", watch.Settings{})
			r.reached("1001")
			r.want("added shop/p0 @1001")
		})
		t.Run("stays", func(t *testing.T) {
			srv := newServer(t, opts...)
			pods(srv, 1)
			srv.FailNextStatus(3, apiscript.TooLarge())
			r := startReader(t, srv, "9999", watch.Settings{})
			r.reached("1001")
			r.want("listing @9999", "present shop/p0 @1001", "listed @1001")
			if n := count(r.seenReasons(), watch.ReasonTooLarge); n != 3 {
				t.Errorf("restarted for %v, want 3 times %q", r.seenReasons(), watch.ReasonTooLarge)
			}
			r.wantGap(watch.Gap{Reason: watch.ReasonTooLarge, From: "9999", To: "1001", Objects: 1})
		})
	})(t)
}

// In a cluster where nothing changes an API server sends no bookmarks either.
func TestQuietClusterIsNotListedAgain(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	r := startReader(t, srv, "1001", watch.Settings{Silence: 50 * time.Millisecond})
	r.restarted(watch.ReasonStalled, 6)
	touch(srv, "shop", "p0")
	r.reached("1002")
	r.want("modified shop/p0 @1002")
	r.wantNoGap()
	// One list at the start, one after the first silence, one after the fourth, ...
	silences := count(r.seenReasons(), watch.ReasonStalled)
	if n, most := len(lists(srv)), 1+(silences+2)/3; n > most {
		t.Errorf("requested %d lists, want at most %d after %d silences", n, most, silences)
	}
}
