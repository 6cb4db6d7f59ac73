package watch_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/watchtest"
)

func forbidden() metav1.Status {
	return metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "no"}
}

func verbs(srv *watchtest.Server) string {
	var all []string
	for _, q := range srv.Requests() {
		all = append(all, q.Verb)
	}
	return strings.Join(all, " ")
}

// Where the history is there, a restart costs a page of a list and no gap: what
// is newer than the checkpoint is news that the watch brings.
func TestResumeWithinHistory(t *testing.T) {
	srv := newServer(t)
	pods(srv, 2) // 1001, 1002
	touch(srv, "shop", "p1")
	var asked []string
	r := startReader(t, srv, "1002", watch.Settings{
		Known: func(p *corev1.Pod) bool { asked = append(asked, p.Name); return true },
		OnGap: func(g watch.Gap) { t.Errorf("gap %+v", g) },
	})
	r.reached("1003")
	r.want("modified shop/p1 @1003")
	r.stop()
	if diff := cmp.Diff([]string{"p0"}, asked); diff != "" { // p1 is newer
		t.Errorf("asked about (-want +got):\n%s", diff)
	}
	if got := verbs(srv); got != "list watch" {
		t.Errorf("requests: %s", got)
	}
}

// Another cluster, or an older state of this one, is found out at the start.
func TestRewound(t *testing.T) {
	since := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		from  string
		known bool
	}{
		"stands before the checkpoint": {"5000", true},
		"has pods that nobody knows":   {"1001", false},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			pods(srv, 2)
			gaps := make(chan watch.Gap, 10)
			r := startReader(t, srv, c.from, watch.Settings{
				Since: since,
				Known: func(*corev1.Pod) bool { return c.known },
				OnGap: func(g watch.Gap) { gaps <- g },
			})
			r.reached("1002")
			r.want("listing @"+c.from, "present shop/p0 @1001", "present shop/p1 @1002", "listed @1002")
			want := watch.Gap{Reason: watch.ReasonRewound, From: c.from, To: "1002", Length: time.Hour, Pods: 2}
			if diff := cmp.Diff(want, <-gaps, cmpopts.IgnoreUnexported(watch.Gap{}), cmpopts.EquateApproxTime(0),
				cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < time.Minute })); diff != "" {
				t.Errorf("gap (-want +got):\n%s", diff)
			}
			touch(srv, "shop", "p0")
			r.reached("1003")
			if len(gaps) > 0 {
				t.Errorf("another gap: %+v", <-gaps)
			}
			if n := strings.Count(r.log.String(), "level=WARN"); n != 1 || !strings.Contains(r.log.String(), "gap=1h0m") {
				t.Errorf("the gap is announced %d times:\n%s", n, r.log)
			}
		})
	}
}

// A clock that was set back makes no negative gap.
func TestGapWithClockSetBack(t *testing.T) {
	srv := newServer(t)
	gaps := make(chan watch.Gap, 1)
	startReader(t, srv, "5000", watch.Settings{Since: time.Now().Add(time.Hour), OnGap: func(g watch.Gap) { gaps <- g }})
	if g := <-gaps; g.Length != 0 {
		t.Errorf("a gap of %v", g.Length)
	}
}

// A stream that may not list goes on with its watch, and does not ask again.
func TestListIsForbidden(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	srv.FailNextStatus(1, forbidden())
	r := startReader(t, srv, "1000", watch.Settings{Known: func(*corev1.Pod) bool { return false }})
	r.reached("1001")
	srv.CutStreams()
	touch(srv, "shop", "p0")
	r.reached("1002")
	r.want("added shop/p0 @1001", "modified shop/p0 @1002")
	if got := verbs(srv); strings.Count(got, "list") != 1 {
		t.Errorf("requests: %s", got)
	}
}

// A server that does not say where it stands does not keep the watch for ever.
func TestListFails(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	srv.FailNext(10, http.StatusInternalServerError, 0, metav1.StatusReasonInternalError)
	r := startReader(t, srv, "1000", watch.Settings{})
	r.reached("1001")
	if got := verbs(srv); got != strings.Repeat("list ", 10)+"watch" {
		t.Errorf("requests: %s", got)
	}
}

// After trouble with the connection the server is asked once where it stands: it
// may have come back with another history.
func TestRewoundWhileAway(t *testing.T) {
	srv := newServer(t)
	pods(srv, 2)
	gaps := make(chan watch.Gap, 10)
	r := startReader(t, srv, "", watch.Settings{OnGap: func(g watch.Gap) { gaps <- g }})
	r.reached("1002")
	srv.Down()
	srv.Rewind(1001)
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	if g := <-gaps; g.Reason != watch.ReasonRewound || g.From != "1002" || g.To != "1001" || g.Pods != 1 {
		t.Errorf("gap %+v", g)
	}
	r.want(
		"listing @", "present shop/p0 @1001", "present shop/p1 @1002", "listed @1002",
		"listing @1002", "present shop/p0 @1001", "listed @1001",
	)
}
