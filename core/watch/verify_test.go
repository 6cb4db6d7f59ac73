package watch_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// memory has the stored version of each pod, by uid.
type memory struct {
	mu       sync.Mutex
	versions map[types.UID]string
	asked    []string
}

func remember(pods []*corev1.Pod) *memory {
	m := &memory{versions: map[types.UID]string{}}
	for _, p := range pods {
		m.versions[p.UID] = p.ResourceVersion
	}
	return m
}

func (m *memory) known(o watch.Object) bool {
	p := watch.PodOf(o)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, p.Name)
	return m.versions[p.UID] == p.ResourceVersion
}

func (m *memory) wasAsked() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

// A restart that the history reaches back to costs a watch and one page.
func TestRestartWithinHistory(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{"http": nil, "tls": {apiscript.WithTLS()}} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, opts...)
			pods(srv, 4)
			m := remember(srv.All())
			from := srv.ResourceVersion()
			touch(srv, "shop", "p1")
			srv.Delete("shop", "p2")
			srv.Create(pod("shop", "p4"))
			r := startReader(t, srv, from, watch.Settings{Known: m.known, Since: time.Now().Add(-time.Minute)})
			r.reached("1007")
			touch(srv, "shop", "p4")
			r.reached("1008")
			r.want("modified shop/p1 @1005", "deleted shop/p2 @1006", "added shop/p4 @1007", "modified shop/p4 @1008")
			r.wantNoGap()
			if diff := cmp.Diff([]string{"p0", "p3"}, m.wasAsked()); diff != "" {
				t.Errorf("known was asked about (-want +got):\n%s", diff)
			}
			requests := srv.Requests()
			if len(requests) != 2 || requests[0].Query.Get("resourceVersion") != from ||
				requests[1].Query.Get("limit") != "500" || requests[1].Query.Has("resourceVersion") {
				t.Errorf("requests %+v, want a watch and one page", requests)
			}
			if len(r.seenReasons()) != 0 || !r.stream.Synced() {
				t.Errorf("restarted for %v, synced %v", r.seenReasons(), r.stream.Synced())
			}
			srv.FailNext(1, http.StatusServiceUnavailable, 0, "")
			srv.CutStreams() // the present state is not stored
			touch(srv, "shop", "p4")
			r.reached("1009")
			wait.Until(t, "the list after the trouble", func() bool { return len(lists(srv)) == 2 })
			if n := len(m.wasAsked()); n != 2 {
				t.Errorf("known was asked %d times", n)
			}
		})
	}
}

// One page is requested, however many pods there are.
func TestRestartIsOnePage(t *testing.T) {
	srv := newServer(t)
	pods(srv, 9)
	m := remember(srv.All())
	r := startReader(t, srv, "1009", watch.Settings{Known: m.known, PageSize: 4})
	touch(srv, "shop", "p8")
	r.reached("1010")
	if got := lists(srv); !slices.Equal(got, []string{"4"}) || len(m.wasAsked()) != 4 {
		t.Errorf("lists with the limits %v, asked %v", got, m.wasAsked())
	}
}

// Another cluster, or a history that was rewritten, has unknown pods from before the
// checkpoint.
func TestStrangersAtRestart(t *testing.T) {
	for name, change := range map[string]func(*corev1.Pod){
		"another pod":     func(p *corev1.Pod) { p.UID = "another" },
		"another version": func(p *corev1.Pod) { p.Status.Message = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			uid := srv.Create(pod("shop", "cart")).UID
			m := remember(srv.All())
			srv.Rewind(1010)
			p := pod("shop", "cart")
			p.UID = uid
			change(p)
			srv.Create(p)
			srv.Create(pod("shop", "till"))
			r := startReader(t, srv, "1011", watch.Settings{Known: m.known})
			r.reached("1012")
			r.want("listing @1011", "present shop/cart @1011", "present shop/till @1012", "listed @1012")
			r.wantGap(watch.Gap{Reason: watch.ReasonRewritten, From: "1011", To: "1012", Objects: 2})
			if got := r.seenReasons(); !slices.Equal(got, []string{watch.ReasonRewritten}) {
				t.Errorf("restarted for %v", got)
			}
			if !strings.Contains(r.log.String(), "shop/cart at 1011") {
				t.Errorf("the log does not name the pod:\n%s", r.log)
			}
		})
	}
}

// An API server is silent about a checkpoint from the future, as after a restore
// of etcd from a backup. At the start that is not waited for.
func TestCheckpointIsFromTheFuture(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{"http": nil, "tls": {apiscript.WithTLS()}} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, opts...)
			pods(srv, 1)
			r := startReader(t, srv, "9999", watch.Settings{BackoffInitial: time.Hour})
			r.reached("1001")
			r.want("listing @9999", "present shop/p0 @1001", "listed @1001")
			r.wantGap(watch.Gap{Reason: watch.ReasonRewound, From: "9999", To: "1001", Objects: 1})
			touch(srv, "shop", "p0")
			r.reached("1002")
		})
	}
}

// A server that comes back with an older state is found out at once.
func TestRewoundWhileRunning(t *testing.T) {
	srv := newServer(t)
	pods(srv, 5)
	r := startReader(t, srv, "", watch.Settings{})
	r.reached("1005")
	srv.Down()
	srv.Rewind(1000)
	r.restarted(watch.ReasonRefused, 3)
	pods(srv, 2)
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	r.reached("1002")
	touch(srv, "shop", "p0")
	r.reached("1003")
	r.want(append(r.lines()[:7], "listing @1005", "present shop/p0 @1001", "present shop/p1 @1002", "listed @1002",
		"modified shop/p0 @1003")...)
	r.wantGap(watch.Gap{Reason: watch.ReasonRewound, From: "1005", To: "1002", Objects: 2})
	if got := lists(srv); !slices.Equal(got, []string{"1"}) {
		t.Errorf("lists with the limits %v, want one of one pod", got)
	}
	if gap := r.seenGaps()[0].Length; gap <= 0 || gap > wait.Patience {
		t.Errorf("the gap was %v long", gap)
	}
}

// A watch that ended well casts no doubt, but silence after it does.
func TestRewoundUnseen(t *testing.T) {
	srv := newServer(t)
	pods(srv, 5)
	r := startReader(t, srv, "1000", watch.Settings{Silence: time.Second, Known: func(watch.Object) bool { return true }})
	r.reached("1005")
	time.Sleep(5 * time.Millisecond) // as old as a good watch
	srv.Rewind(1000)
	pods(srv, 2)
	r.until("the end of the list", func(events []watch.Event, _ []string) bool {
		return events[len(events)-1].Kind == watch.Listed
	})
	r.wantGap(watch.Gap{Reason: watch.ReasonRewound, From: "1005", To: "1002", Objects: 2})
	if got, want := r.seenReasons(),
		[]string{watch.ReasonClosed, watch.ReasonStalled, watch.ReasonRewound}; !slices.Equal(got, want) {
		t.Errorf("restarted for %v, want %v", got, want)
	}
	if got := lists(srv); !slices.Equal(got, []string{"500", "1"}) {
		t.Errorf("lists with the limits %v", got)
	}
}

// The server is asked once for a recovery, not for a retry, and not at all after
// a watch that ended well.
func TestListsAreFew(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	r := startReader(t, srv, "", watch.Settings{BackoffInitial: 2 * time.Millisecond})
	r.reached("1001")
	for _, status := range []int{
		http.StatusServiceUnavailable, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusGatewayTimeout,
	} {
		srv.FailNext(4, status, 0, "")
	}
	srv.CutStreams()
	r.restarted(watch.ReasonTimeout, 4)
	wait.Until(t, "the list", func() bool { return len(lists(srv)) == 1 })
	wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
	for i := range 3 {
		touch(srv, "shop", "p0")
		r.reached(strconv.Itoa(1002 + i))
		time.Sleep(5 * time.Millisecond) // as old as a good watch
		srv.EndStreams()
		r.restarted(watch.ReasonClosed, 2+i)
		wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
	}
	touch(srv, "shop", "p0")
	r.reached("1005")
	if got := lists(srv); !slices.Equal(got, []string{"1"}) {
		t.Errorf("lists with the limits %v, want one of one pod", got)
	}
	r.wantNoGap()
}

// A list that is not to be had doesn't hold up the watch.
func TestListsFail(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(*apiscript.Server)
		most int // lists, of the start and two troubles
	}{
		"forbidden": {func(srv *apiscript.Server) { srv.ForbidLists(true) }, 1},
		"hanging":   {func(srv *apiscript.Server) { srv.HangLists(true) }, 3},
		"failing": {func(srv *apiscript.Server) {
			for range 3 {
				srv.PassNext(1)
				srv.FailNext(1, http.StatusInternalServerError, 0, "")
			}
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, apiscript.WithBookmarks(20*time.Millisecond)) // keeps the watch from being silent
			pods(srv, 1)
			c.fail(srv)
			m := remember(nil) // knows none
			r := startReader(t, srv, "1000", watch.Settings{Known: m.known, Silence: time.Second})
			r.reached("1001")
			for i := range 2 {
				srv.CutStreams()
				touch(srv, "shop", "p0")
				want := fmt.Sprintf("modified shop/p0 @%d", 1002+i) // bookmarks may follow
				r.until(want, func(events []watch.Event, _ []string) bool {
					return slices.ContainsFunc(events, func(ev watch.Event) bool { return line(ev) == want })
				})
			}
			r.wantChanges(srv, 0)
			r.wantNoGap()
			if got := len(lists(srv)); got > c.most {
				t.Errorf("asked for %d lists, want at most %d", got, c.most)
			}
			if n := len(m.wasAsked()); n != 0 {
				t.Errorf("known was asked %d times after the first event", n)
			}
		})
	}
}

// Known is also called if the first watches and lists of a run fail.
func TestStrangersAfterTrouble(t *testing.T) {
	srv := newServer(t)
	pods(srv, 1)
	srv.FailNext(3, http.StatusServiceUnavailable, 0, "")
	srv.PassNext(1)
	srv.FailNext(1, http.StatusServiceUnavailable, 0, "") // the first list
	m := remember(nil)
	r := startReader(t, srv, "1001", watch.Settings{Known: m.known})
	wait.Until(t, "the list", func() bool { return len(lists(srv)) == 1 })
	wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
	srv.CutStreams()
	r.reached("1001")
	r.wantGap(watch.Gap{Reason: watch.ReasonRewritten, From: "1001", To: "1001", Objects: 1})
	if got := lists(srv); !slices.Equal(got, []string{"500", "500"}) {
		t.Errorf("lists with the limits %v", got)
	}
}
