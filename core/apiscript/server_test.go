package apiscript_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// media runs a test with both media types, and once over TLS.
func media(t *testing.T, test func(t *testing.T, contentType string, opts ...apiscript.Option)) {
	t.Run("json", func(t *testing.T) { test(t, jsonType) })
	t.Run("protobuf", func(t *testing.T) { test(t, protoType) })
	t.Run("tls", func(t *testing.T) { test(t, protoType, apiscript.WithTLS()) })
}

func TestWrites(t *testing.T) {
	srv := newServer(t)
	created := srv.Create(pod("", "cart", "app", "cart"))
	if created.Namespace != "default" || created.UID == "" || created.ResourceVersion != "1001" ||
		created.CreationTimestamp.IsZero() {
		t.Errorf("created %+v", created.ObjectMeta)
	}
	updated := srv.Update("default", "cart", func(p *corev1.Pod) {
		p.Status.Phase = corev1.PodRunning
		p.UID, p.Name = "forged", "forged"
	})
	if updated.UID != created.UID || updated.Name != "cart" || updated.ResourceVersion != "1002" ||
		updated.Status.Phase != corev1.PodRunning {
		t.Errorf("updated to %+v", updated)
	}
	created.Labels["app"] = "changed by the caller"
	srv.Advance(3)
	srv.Set(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "till", UID: "u"}})
	pods := srv.All()
	if len(pods) != 2 || pods[0].Labels["app"] != "cart" || pods[1].UID != "u" || pods[1].ResourceVersion != "1006" {
		t.Errorf("pods %+v", pods)
	}
	srv.Delete("default", "cart")
	want := []apiscript.Change{
		{Type: kwatch.Added, Namespace: "default", Name: "cart", UID: created.UID, ResourceVersion: "1001"},
		{Type: kwatch.Modified, Namespace: "default", Name: "cart", UID: created.UID, ResourceVersion: "1002"},
		{Type: kwatch.Added, Namespace: "shop", Name: "till", UID: "u", ResourceVersion: "1006"},
		{Type: kwatch.Deleted, Namespace: "default", Name: "cart", UID: created.UID, ResourceVersion: "1007"},
	}
	if diff := cmp.Diff(want, srv.Changes()); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got := srv.ResourceVersion(); got != "1007" {
		t.Errorf("resourceVersion %s, want 1007", got)
	}
}

func TestWrongScriptsPanic(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	for name, wrong := range map[string]func(){
		"create what exists":        func() { srv.Create(pod("shop", "cart")) },
		"update what doesn't exist": func() { srv.Update("shop", "till", touch) },
		"delete what doesn't exist": func() { srv.Delete("shop", "till") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			wrong()
		})
	}
	if got := srv.Create(pod("shop", "till")).ResourceVersion; got != "1002" {
		t.Errorf("the next write is %s, want 1002: a wrong one must change nothing and hold no lock", got)
	}
}

func TestWatchFromResourceVersion(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		srv.Create(pod("shop", "cart"))
		srv.Create(pod("bank", "ledger"))
		c := client(t, srv, contentType)
		all := open(t, c, "", "resourceVersion", "1000")
		bank := open(t, c, "bank", "resourceVersion", "1001", "allowWatchBookmarks", "true")
		srv.Update("shop", "cart", touch)
		srv.Delete("bank", "ledger")
		srv.Bookmark()
		srv.Create(pod("shop", "till"))
		all.want("ADDED shop/cart @1001", "ADDED bank/ledger @1002", "MODIFIED shop/cart @1003", "DELETED bank/ledger @1004",
			"ADDED shop/till @1005")
		bank.want("ADDED bank/ledger @1002", "DELETED bank/ledger @1004", "BOOKMARK / @1004")
	})
}

func TestWatchFromNothingBeginsWithWhatExists(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "b"))
	srv.Create(pod("shop", "a"))
	w := open(t, client(t, srv, protoType), "")
	w.want("ADDED shop/a @1002", "ADDED shop/b @1001")
	srv.Delete("shop", "b")
	w.want("DELETED shop/b @1003")
}

var streamingList = []string{
	"sendInitialEvents", "true", "resourceVersionMatch", "NotOlderThan", "allowWatchBookmarks", "true",
}

func TestStreamingList(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		srv.Create(pod("shop", "cart", "app", "x"))
		srv.Create(pod("shop", "till", "app", "y"))
		srv.HoldLists(true)
		w := open(t, client(t, srv, contentType), "shop", append(streamingList, "labelSelector", "app in (x,z)")...)
		w.want("ADDED shop/cart @1001")
		srv.Update("shop", "cart", touch)
		srv.Bookmark()
		w.want("MODIFIED shop/cart @1003")
		srv.HoldLists(false)
		w.want("BOOKMARK / @1003 end of list")
		srv.Bookmark()
		w.want("BOOKMARK / @1003")
	})
}

func TestSelectorTurnsChangesIntoComingAndGoing(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		w := open(t, client(t, srv, contentType), "", "labelSelector", "app=x", "resourceVersion", "1000")
		srv.Create(pod("shop", "cart", "app", "y"))
		set := func(v string) { srv.Update("shop", "cart", func(p *corev1.Pod) { p.Labels["app"] = v }) }
		set("x")
		set("x")
		set("y")
		set("y")
		set("x")
		srv.Delete("shop", "cart")
		w.want("ADDED shop/cart @1002", "MODIFIED shop/cart @1003", "DELETED shop/cart @1004", "ADDED shop/cart @1006",
			"DELETED shop/cart @1007")
	})
}

func TestPages(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		for i := range 5 {
			srv.Create(pod("shop", fmt.Sprintf("p%d", i)))
		}
		c := client(t, srv, contentType)
		var names, left []string
		token := ""
		for {
			var list corev1.PodList
			if err := request(c, "shop", "limit", "2", "continue", token).Do(t.Context()).Into(&list); err != nil {
				t.Fatal(err)
			}
			if list.ResourceVersion != "1005" {
				t.Errorf("a page is of resourceVersion %s, want 1005", list.ResourceVersion)
			}
			for _, p := range list.Items {
				names = append(names, p.Name)
			}
			if n := list.RemainingItemCount; n != nil {
				left = append(left, strconv.FormatInt(*n, 10))
			}
			if token = list.Continue; token == "" {
				break
			}
			srv.Create(pod("shop", "later-"+strconv.Itoa(len(names)))) // not in this list
		}
		if got := strings.Join(names, " "); got != "p0 p1 p2 p3 p4" {
			t.Errorf("listed %s", got)
		}
		if got := strings.Join(left, " "); got != "3 1" {
			t.Errorf("remaining items %s, want 3 1", got)
		}
	})
}

func TestOldListsAreForgotten(t *testing.T) {
	srv := newServer(t)
	c := client(t, srv, protoType)
	srv.Create(pod("shop", "a"))
	srv.Create(pod("shop", "b"))
	var tokens []string
	for range 20 {
		var list corev1.PodList
		if err := request(c, "", "limit", "1").Do(t.Context()).Into(&list); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, list.Continue)
		srv.Advance(1)
	}
	err := request(c, "", "limit", "1", "continue", tokens[0]).Do(t.Context()).Error()
	wantCode(t, err, 410, metav1.StatusReasonExpired)
	if err := request(c, "", "limit", "1", "continue", tokens[19]).Do(t.Context()).Error(); err != nil {
		t.Errorf("continue the newest list: %v", err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	srv := newServer(t, apiscript.WithHistory(10))
	srv.Create(pod("shop", "cart"))
	for range 99 {
		srv.Update("shop", "cart", touch)
	}
	c := client(t, srv, protoType)
	open(t, c, "", "resourceVersion", "1089").want("ERROR 410 Expired")
	open(t, c, "", "resourceVersion", "1090").want("MODIFIED shop/cart @1091")
	if n := len(srv.Changes()); n != 100 {
		t.Errorf("%d changes are known, want all 100", n)
	}
}

func TestPeriodicBookmarks(t *testing.T) {
	srv := newServer(t, apiscript.WithBookmarks(time.Millisecond))
	w := open(t, client(t, srv, protoType), "", "resourceVersion", "1000", "allowWatchBookmarks", "true")
	w.want("BOOKMARK / @1000", "BOOKMARK / @1000")
}

func TestTimeoutEndsWatch(t *testing.T) {
	srv := newServer(t)
	open(t, client(t, srv, protoType), "", "resourceVersion", "1000", "timeoutSeconds", "1").want("end")
	wait.Until(t, "the stream to be gone", func() bool { return srv.Streams() == 0 })
}

func TestRequestsAreRecorded(t *testing.T) {
	srv := newServer(t)
	c := client(t, srv, protoType)
	if err := request(c, "shop", "limit", "7").Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	open(t, c, "", "resourceVersion", "1000")
	var got []string
	for _, r := range srv.Requests() {
		got = append(got, fmt.Sprintf("%s %q %s %s", r.Verb, r.Namespace, r.Query.Encode(), r.UserAgent))
	}
	want := []string{`list "shop" limit=7 apiscript`, `watch "" resourceVersion=1000&watch=true apiscript`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// All streams see all changes in one order, with several writers.
func TestConcurrentWrites(t *testing.T) {
	const writers, writes = 4, 100
	srv := newServer(t)
	c := client(t, srv, protoType)
	watchers := []watcher{open(t, c, "", "resourceVersion", "1000"), open(t, c, "", "resourceVersion", "1000")}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			name := fmt.Sprintf("p%d", i)
			srv.Create(pod("shop", name))
			for range writes - 1 {
				srv.Update("shop", name, touch)
			}
		})
	}
	wg.Wait()
	var want []string
	for _, ch := range srv.Changes() {
		want = append(want, fmt.Sprintf("%s %s/%s @%s", ch.Type, ch.Namespace, ch.Name, ch.ResourceVersion))
	}
	if len(want) != writers*writes || !slices.IsSortedFunc(srv.Changes(), func(a, b apiscript.Change) int {
		return strings.Compare(a.ResourceVersion, b.ResourceVersion)
	}) {
		t.Fatalf("%d changes, want %d in order", len(want), writers*writes)
	}
	for _, w := range watchers {
		w.want(want...)
	}
}

func TestRunningPodIsOfTheUsualSize(t *testing.T) {
	if n := apiscript.RunningPod("shop", "cart").Size(); n < 4500 || n > 5500 {
		t.Errorf("the pod has %d bytes, want about 5000", n)
	}
}

// TestPagesOfTwoLists: two lists of the same moment are continued each by itself.
func TestPagesOfTwoLists(t *testing.T) {
	srv := newServer(t)
	for _, namespace := range []string{"a", "b"} {
		srv.Create(pod(namespace, "one"))
		srv.Create(pod(namespace, "two"))
	}
	c := client(t, srv, "application/json")
	page := func(namespace, token string) (name, next string) {
		t.Helper()
		var list corev1.PodList
		if err := request(c, namespace, "limit", "1", "continue", token).Do(t.Context()).Into(&list); err != nil {
			t.Fatal(err)
		}
		return list.Items[0].Namespace + "/" + list.Items[0].Name, list.Continue
	}
	_, ofA := page("a", "")
	_, ofB := page("b", "")
	if got, _ := page("a", ofA); got != "a/two" {
		t.Errorf("a is continued with %s", got)
	}
	if got, _ := page("b", ofB); got != "b/two" {
		t.Errorf("b is continued with %s", got)
	}
}
