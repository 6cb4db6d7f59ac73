package apiscript_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func TestEndingsOfStreams(t *testing.T) {
	teapot := metav1.Status{Status: metav1.StatusFailure, Code: 418, Reason: "Teapot"}
	for name, c := range map[string]struct {
		end  func(*apiscript.Server)
		want []string
	}{
		"in good order": {func(srv *apiscript.Server) { srv.EndStreams() }, []string{"MODIFIED shop/cart @1002", "end"}},
		"with an error": {
			func(srv *apiscript.Server) { srv.ErrorEvent(teapot) },
			[]string{"MODIFIED shop/cart @1002", "ERROR 418 Teapot", "end"},
		},
		"server closed": {func(srv *apiscript.Server) { srv.Down() }, []string{"end"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			srv.Create(pod("shop", "cart"))
			w := open(t, client(t, srv, protoType), "", "resourceVersion", "1000")
			w.want("ADDED shop/cart @1001")
			if len(c.want) > 1 {
				srv.Update("shop", "cart", touch)
			}
			c.end(srv)
			srv.Update("shop", "cart", touch) // too late for the stream
			w.want(c.want...)
			wait.Until(t, "the stream to be gone", func() bool { return srv.Streams() == 0 })
		})
	}
}

// A cut is seen by the client as a broken body, not as its end.
func TestCuts(t *testing.T) {
	for name, cut := range map[string]func(*apiscript.Server){
		"between frames": func(srv *apiscript.Server) { srv.CutStreams() },
		"within a frame": func(srv *apiscript.Server) { srv.CutMidFrame(); srv.Create(pod("shop", "till")) },
	} {
		t.Run(name, func(t *testing.T) {
			media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
				srv := newServer(t, opts...)
				srv.Create(pod("shop", "cart"))
				body, err := request(client(t, srv, contentType), "", "watch", "true", "resourceVersion",
					"1000").Stream(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer body.Close()
				first := make([]byte, 1)
				if _, err := body.Read(first); err != nil {
					t.Fatal(err)
				}
				cut(srv)
				for err == nil {
					_, err = body.Read(first)
				}
				if err.Error() == "EOF" {
					t.Error("the stream ended in good order")
				}
			})
		})
	}
}

func TestListsAreCut(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "a"))
	srv.Create(pod("shop", "b"))
	c := client(t, srv, jsonType)
	srv.CutListAfter(1)
	if err := request(c, "").Do(t.Context()).Error(); err == nil {
		t.Error("the list was not cut")
	}
	srv.CutListAfter(1)
	open(t, c, "", streamingList...).want("ADDED shop/a @1001", "end")
	srv.CutListAfter(5)
	open(t, c, "", streamingList...).want("ADDED shop/a @1001", "ADDED shop/b @1002", "end")
	open(t, c, "", streamingList...).want("ADDED shop/a @1001", "ADDED shop/b @1002", "BOOKMARK / @1002 end of list")
}

func TestExpire(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		srv.Create(pod("shop", "cart"))
		srv.Create(pod("shop", "till"))
		c := client(t, srv, contentType)
		before := open(t, c, "", "resourceVersion", "1002")
		var page corev1.PodList
		if err := request(c, "", "limit", "1").Do(t.Context()).Into(&page); err != nil {
			t.Fatal(err)
		}
		srv.Expire()
		wantCode(t, request(c, "", "limit", "1", "continue", page.Continue).Do(t.Context()).Error(), 410,
			metav1.StatusReasonExpired)
		open(t, c, "", "resourceVersion", "1001").want("ERROR 410 Expired", "end")
		srv.Update("shop", "cart", touch)
		open(t, c, "", "resourceVersion", "1002").want("MODIFIED shop/cart @1003")
		before.want("MODIFIED shop/cart @1003")
	})
}

func TestExpireAsHTTPStatus(t *testing.T) {
	srv := newServer(t, apiscript.WithHTTPGone())
	_, err := request(client(t, srv, protoType), "", "watch", "true", "resourceVersion", "5").Watch(t.Context())
	if !apierrors.IsResourceExpired(err) {
		t.Errorf("got error %v, want 410 Expired", err)
	}
}

func TestFailures(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		c := client(t, srv, contentType)
		srv.PassNext(1)
		srv.FailNext(1, http.StatusTooManyRequests, 3*time.Second, "")
		srv.FailNext(1, http.StatusForbidden, 0, "")
		srv.FailNext(1, http.StatusInternalServerError, 0, "Whatever")
		srv.FailNextStatus(1, apiscript.TooLarge())
		srv.ErrorNext(1, apiscript.TooLarge())
		get := func() error { return request(c, "").Do(t.Context()).Error() }

		if err := get(); err != nil {
			t.Errorf("the request to pass: %v", err)
		}
		err := get()
		wantCode(t, err, 429, metav1.StatusReasonTooManyRequests)
		if seconds, _ := apierrors.SuggestsClientDelay(err); seconds != 3 {
			t.Errorf("retry after %d s, want 3", seconds)
		}
		err = get()
		wantCode(t, err, 403, metav1.StatusReasonForbidden)
		if !strings.Contains(err.Error(), `cannot watch resource "pods"`) {
			t.Errorf("forbidden, but it doesn't say what: %v", err)
		}
		wantCode(t, get(), 500, "Whatever")
		err = get()
		wantCode(t, err, 504, metav1.StatusReasonTimeout)
		if !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
			t.Errorf("no cause in %v", err)
		}
		open(t, c, "", "resourceVersion", "1000").want("ERROR 504 Timeout", "end")
		if err := get(); err != nil {
			t.Errorf("behind the failures: %v", err)
		}
	})
}

func TestStreamingListsRefusedOrIgnored(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	c := client(t, srv, protoType)
	srv.RefuseStreamingLists(true)
	_, err := request(c, "", append(streamingList, "watch", "true")...).Watch(t.Context())
	wantCode(t, err, 422, metav1.StatusReasonInvalid)
	srv.RefuseStreamingLists(false)
	srv.IgnoreStreamingLists(true)
	w := open(t, c, "", streamingList...)
	w.want("ADDED shop/cart @1001")
	srv.Bookmark()
	w.want("BOOKMARK / @1001")
}

func TestFutureWatchIsSilent(t *testing.T) {
	srv := newServer(t)
	w := open(t, client(t, srv, protoType), "", "resourceVersion", "1003", "allowWatchBookmarks", "true")
	wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
	for _, name := range []string{"a", "b", "c", "d"} { // 1001 to 1004
		srv.Bookmark()
		srv.Create(pod("shop", name))
	}
	if got := w.next(); !strings.HasSuffix(got, "@1003") && !strings.HasSuffix(got, "@1004") {
		t.Errorf("the first event is %s, from before the stream's beginning", got)
	}
}

func TestHang(t *testing.T) {
	srv := newServer(t)
	c := client(t, srv, protoType)
	w := open(t, c, "", "resourceVersion", "1000")
	srv.Hang()
	srv.Hang() // is no harm
	srv.Create(pod("shop", "cart"))
	answered := make(chan error, 1)
	go func() { answered <- request(c, "").Do(t.Context()).Error() }()
	wait.Until(t, "the request", func() bool { return len(srv.Requests()) == 2 })
	select {
	case err := <-answered:
		t.Errorf("the server answered: %v", err)
	case ev := <-w.w.ResultChan():
		t.Errorf("the server sent %s", describe(ev))
	case <-time.After(50 * time.Millisecond): // a slow machine can't make this fail
	}
	srv.Resume()
	srv.Resume() // nor this
	if err := <-answered; err != nil {
		t.Errorf("after the silence: %v", err)
	}
	w.want("ADDED shop/cart @1001")
}

func TestCloseWhileHanging(t *testing.T) {
	srv := apiscript.NewServer()
	failed := make(chan error, 1)
	c := client(t, srv, protoType)
	srv.Hang()
	go func() { failed <- request(c, "").Do(t.Context()).Error() }()
	wait.Until(t, "the request", func() bool { return len(srv.Requests()) == 1 })
	srv.Close()
	srv.Close() // is no harm
	if err := <-failed; err == nil {
		t.Error("the request got an answer")
	}
}

func TestDownAndUp(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		srv.Create(pod("shop", "cart"))
		url := srv.URL()
		if err := srv.Up(); err == nil {
			t.Error("Up of a server that is up: no error")
		}
		c := client(t, srv, contentType)
		srv.Down()
		srv.Down() // is no harm
		if err := request(c, "").Do(t.Context()).Error(); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("while down: error %v, want a refused connection", err)
		}
		srv.Update("shop", "cart", touch)
		if err := srv.Up(); err != nil {
			t.Fatal(err)
		}
		if srv.URL() != url {
			t.Errorf("the URL is %s now, was %s", srv.URL(), url)
		}
		open(t, c, "", "resourceVersion", "1001").want("ERROR 410 Expired")
		open(t, c, "").want("ADDED shop/cart @1002")
	})
}

// A stream that is too far behind is ended, but pending events still arrive.
func TestSlowReadersAreEnded(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, append(opts, apiscript.WithPending(10))...)
		big := pod("shop", "cart")
		big.Annotations = map[string]string{"filler": strings.Repeat("x", 64<<10)}
		w := open(t, client(t, srv, contentType), "", "resourceVersion", "1000")
		srv.Create(big)
		for range 500 { // 32 MB, more than connection and sockets take
			srv.Update("shop", "cart", touch)
		}
		n := 0
		for w.next() != "end" {
			n++
		}
		if n < 10 || n > 500 {
			t.Errorf("%d events came, want the 10 that may be pending, and not all 501", n)
		}
	})
}

// A watch that begins in the past is not slow.
func TestHistoryIsNotPending(t *testing.T) {
	srv := newServer(t, apiscript.WithPending(1))
	srv.Create(pod("shop", "cart"))
	var want []string
	for range 500 {
		want = append(want, "MODIFIED shop/cart @"+srv.Update("shop", "cart", touch).ResourceVersion)
	}
	open(t, client(t, srv, protoType), "", "resourceVersion", "1001").want(want...)
}

// CutStreams reaches a stream that is blocked in writing to its client.
func TestCutOfBlockedStream(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		big := pod("shop", "cart")
		big.Annotations = map[string]string{"filler": strings.Repeat("x", 64<<10)}
		srv.Create(big)
		for range 500 {
			srv.Update("shop", "cart", touch)
		}
		open(t, client(t, srv, contentType), "", "resourceVersion", "1000") // and is not read
		wait.Until(t, "the stream", func() bool { return srv.Streams() == 1 })
		srv.CutStreams()
		wait.Until(t, "the stream to be gone", func() bool { return srv.Streams() == 0 })
	})
}
