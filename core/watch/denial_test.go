package watch_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestDenied: a denial is visible until the right is granted, even if it was granted
// before.
func TestDenied(t *testing.T) {
	for name, c := range map[string]struct {
		status          int
		namespace, want string
	}{
		"no right in the cluster":    {http.StatusForbidden, "", "may not watch pods in all namespaces"},
		"no right in the namespace":  {http.StatusForbidden, "shop", "may not watch pods in namespace shop"},
		"credentials not known":      {http.StatusUnauthorized, "", "the API server does not accept the credentials"},
		"trouble that is none of it": {http.StatusServiceUnavailable, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			pods(srv, 1)
			const many = 20 // requests, so that one is seen
			srv.FailNext(many, c.status, 0, "")
			r := startReader(t, srv, "", watch.Settings{Namespace: c.namespace})
			wait.Until(t, "it to be seen", func() bool { return len(srv.Requests()) > 1 && r.stream.Denied() == c.want })
			r.reached("1001")
			if got := r.stream.Denied(); got != "" {
				t.Errorf("denied: %q, though a list was told", got)
			}
			srv.FailNext(many, c.status, 0, "")
			srv.CutStreams()
			wait.Until(t, "the loss to be seen", func() bool { return r.stream.Denied() == c.want })
		})
	}
}

// The right to list is not needed for long, and is missed all the same.
func TestListIsDenied(t *testing.T) {
	const want = "may not list pods in namespace shop; changes are still emitted"
	for name, forbid := range map[string]bool{"allowed": false, "forbidden": true} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			pods(srv, 1)
			srv.ForbidLists(forbid)
			r := startReader(t, srv, "", watch.Settings{Namespace: "shop"})
			r.stream.CheckList(t.Context())
			r.reached("1001")
			if got := strings.Contains(r.log.String(), want); got != forbid {
				t.Errorf("the log says that list is missing: %t, want %t:\n%s", got, forbid, r.log)
			}
			if got := r.stream.Denied(); got != "" {
				t.Errorf("denied: %q, want nothing that keeps the stream from telling", got)
			}
		})
	}
	t.Run("resuming", func(t *testing.T) {
		srv := newServer(t)
		pods(srv, 1)
		srv.ForbidLists(true)
		r := startReader(t, srv, "1000", watch.Settings{Namespace: "shop"})
		r.reached("1001")
		if n := strings.Count(r.log.String(), want); n != 1 {
			t.Errorf("said %d times that list is missing, want once:\n%s", n, r.log)
		}
	})
}
