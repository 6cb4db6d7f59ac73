package owner_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// many stores so many ReplicaSets, each with its Deployment, in several namespaces, and
// returns a pod of each.
func many(srv *apiscript.Server, n int) (pods []*record.Pod) {
	for i := range n {
		d := deployment(fmt.Sprint("cart-", i))
		rs := replicaSet(fmt.Sprintf("cart-%d-1", i), d)
		d.namespace = fmt.Sprint("shop-", i%3)
		rs.namespace = d.namespace
		set(srv, rs)
		pod := podOf(rs)
		pod.Namespace = rs.namespace
		pods = append(pods, pod)
	}
	return pods
}

// findInitial looks up the owners of initial pods in batches, as the pipeline does.
func (f *finder) findInitial(pods []*record.Pod) {
	for from := 0; from < len(pods); from += 128 {
		f.FindInitial(f.t.Context(), pods[from:min(len(pods), from+128)])
	}
}

// wantWhole wants each pod to have its ReplicaSet and its Deployment.
func wantWhole(t *testing.T, pods []*record.Pod) {
	t.Helper()
	for i, pod := range pods {
		name := pod.Controller.Name
		want := fmt.Sprintf("ReplicaSet %s [of][of], Deployment %s [of][of]", name, strings.TrimSuffix(name, "-1"))
		if got := describe(pod.Owners); got != want {
			t.Fatalf("pod %d has %s, want %s", i, got, want)
		}
	}
}

func verbs(srv *apiscript.Server) map[string]int {
	n := map[string]int{}
	for _, r := range srv.Requests() {
		n[r.Verb]++
	}
	return n
}

func TestOwnersOfInitialPods(t *testing.T) {
	for name, c := range map[string]struct {
		pods       int
		opts       []apiscript.Option
		namespaces []string
		script     func(srv *apiscript.Server)
		lists      int // at most
		gets       int // at most
		log        []string
	}{
		"few are requested":         {pods: 16, gets: 32},
		"many are listed":           {pods: 1200, lists: 6},
		"of some namespaces":        {pods: 60, namespaces: []string{"shop-0", "shop-1", "shop-2"}, lists: 6},
		"a server that speaks JSON": {pods: 60, opts: []apiscript.Option{apiscript.WithJSONOnly()}, lists: 2, gets: 120},
		"without the right to list": {
			pods: 60, script: forbidLists("replicasets", "deployments"), lists: 2, gets: 120, log: mayNotList("replicasets"),
		},
		"without that of some kinds": {
			pods: 60, script: forbidLists("deployments"), lists: 2, gets: 60, log: mayNotList("deployments"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, c.opts...)
			pods := many(srv, c.pods)
			if c.script != nil {
				c.script(srv)
			}
			f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.Namespaces, s.Rate = c.namespaces, 1e9 })
			f.findInitial(pods)
			wantWhole(t, pods)
			if n := verbs(srv); n["list"] > c.lists || n["get"] > c.gets {
				t.Errorf("%v requests, want at most %d lists and %d gets", n, c.lists, c.gets)
			}
			for _, line := range c.log {
				if strings.Count(f.log.String(), line) != 1 {
					t.Errorf("the log lacks %s:\n%s", line, f.log)
				}
			}
			if len(f.log.Lines()) != len(c.log) {
				t.Errorf("the log has %d lines, want %d:\n%s", len(f.log.Lines()), len(c.log), f.log)
			}
		})
	}
}

func forbidLists(resources ...string) func(*apiscript.Server) {
	return func(srv *apiscript.Server) {
		for _, r := range resources {
			srv.ForbidOwnerLists(r, true)
		}
	}
}

func mayNotList(resources ...string) (lines []string) {
	for _, r := range resources {
		lines = append(lines, fmt.Sprintf("owners: may not list %s.apps; those of existing pods are read one by one, "+
			"which takes longer; allow it with {apiGroups: [apps], resources: [%s], verbs: [get, list]}", r, r))
	}
	return lines
}

// Owners that were created after the list, or that others have, are requested.
func TestOwnersThatAreNotListed(t *testing.T) {
	srv := newServer(t)
	pods := many(srv, 100)
	f := newFinder(t, srv.Config())
	f.findInitial(pods)
	later := replicaSet("later-1", deployment("later"))
	set(srv, later)
	forged := podOf(later)
	forged.Namespace = "lair"
	other := *pods[0]
	other.Namespace = "lair"
	initial := []*record.Pod{podOf(later), forged, &other}
	f.findInitial(initial)
	wantWhole(t, initial[:1])
	for _, pod := range initial[1:] {
		if got := describe(pod.Owners); got != "ReplicaSet "+pod.Controller.Name {
			t.Errorf("a pod of another namespace has %s", got)
		}
	}
	if n := verbs(srv); n["get"] != 4 {
		t.Errorf("requests %v, want 4 gets", n)
	}
}

// Initial pods have no deadline, but end with their context and with the Finder.
func TestInitialPodsWait(t *testing.T) {
	srv := newServer(t)
	pods := many(srv, 3)
	srv.Hang()
	f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.Timeout = time.Nanosecond })
	ctx, cancel := context.WithCancel(t.Context())
	found := make(chan struct{})
	go func() {
		f.FindInitial(ctx, pods)
		close(found)
	}()
	wait.Until(t, "the requests", func() bool { return len(srv.Requests()) == 3 })
	cancel()
	<-found
	for _, pod := range pods {
		if !pod.Owners.Pending || pod.Owners.Reason != owner.ReasonDeadline {
			t.Errorf("got %s for %q", describe(pod.Owners), pod.Owners.Reason)
		}
	}
	go func() {
		wait.Until(t, "the second call", func() bool { return len(srv.Requests()) == 3 })
		srv.Resume()
	}()
	f.findInitial(pods)
	wantWhole(t, pods)
}

// Look-ups of initial pods that fail in passing are repeated, for a while.
func TestInitialPodsAreRetried(t *testing.T) {
	fails := always(http.StatusInternalServerError, "")
	for name, c := range map[string]struct {
		outage time.Duration
		answer func(string) (int, string)
		want   string
		most   time.Duration
	}{
		"a short outage": {20 * time.Second, fails, "ReplicaSet cart-1 [of][], Deployment cart [of][]", 30 * time.Second},
		"a short overload": {
			20 * time.Second, always(http.StatusTooManyRequests, ""), "ReplicaSet cart-1 [of][], Deployment cart [of][]",
			60 * time.Second,
		},
		"a long outage": {time.Hour, fails, "ReplicaSet cart-1, pending", 70 * time.Second},
		"a long overload": {
			time.Hour, always(http.StatusTooManyRequests, ""), "ReplicaSet cart-1, pending", 70 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				server := newAPI(func(path string) (int, string) {
					if time.Since(began) < c.outage {
						return c.answer(path)
					}
					return serveCart()(path)
				})
				f := newFinder(t, server.config())
				pod := podOf(cart())
				f.findInitial([]*record.Pod{pod})
				if got, took := describe(pod.Owners), time.Since(began); got != c.want || took > c.most {
					t.Errorf("got %s after %v, want %s within %v", got, took, c.want, c.most)
				}
				if !strings.Contains(f.log.String(), "owners: records of existing pods wait until their owners are known") {
					t.Errorf("the log has no progress:\n%s", f.log)
				}
				began2 := time.Now() // the patience of the namespace is spent, or the owners are known
				f.findInitial([]*record.Pod{pod, podOf(replicaSet("cart-1", nil))})
				if took := time.Since(began2); took > 10*time.Second {
					t.Errorf("the next call took %v", took)
				}
			})
		})
	}
}
