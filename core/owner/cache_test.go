package owner_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// serveCart answers as an API server with the objects of cart, except the resources in
// without.
func serveCart(without ...string) func(string) (int, string) {
	return func(path string) (int, string) {
		for _, resource := range without {
			if strings.Contains(path, resource) {
				return 404, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`
			}
		}
		if path == getCart {
			return 200, `{"metadata":{"uid":"cart","labels":{"of":"Deployment"}}}`
		}
		return 200,
			`{"metadata":{"uid":"cart-1","labels":{"of":"ReplicaSet"},"ownerReferences":[{"controller":true,"apiVersion":"apps/v1","kind":"Deployment","name":"cart","uid":"cart"}]}}`
	}
}

// TestHowLongChainsAreKept follows one key through time: the server's answers, a pod's
// chain, and the requests that it takes.
func TestHowLongChainsAreKept(t *testing.T) {
	const (
		whole     = "ReplicaSet cart-1 [of][], Deployment cart [of][]"
		orphan    = "ReplicaSet cart-1 [of][], Deployment cart"
		nothing   = "ReplicaSet cart-1"
		isPending = ", pending"
	)
	fails := always(500, "")
	forbids := always(403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
	type step struct {
		after    time.Duration
		answer   func(string) (int, string)
		want     string
		requests int // that it takes, be it behind the scenes
	}
	for name, steps := range map[string][]step{
		"found, and renewed after an hour": {
			{0, serveCart(), whole, 2},
			{59 * time.Minute, serveCart(), whole, 0},
			{time.Minute, serveCart(), whole, 2},
			{time.Minute, serveCart(), whole, 0},
		},
		"what is deleted is still known": {
			{0, serveCart(), whole, 2},
			{time.Hour, serveCart("deployments"), whole, 2},
			{time.Minute, serveCart("deployments"), whole, 0},
			{time.Hour, serveCart("replicasets"), whole, 1},
			{time.Second, serveCart("replicasets"), whole, 0},
		},
		"a failure takes nothing away, and is tried again soon": {
			{0, serveCart(), whole, 2},
			{time.Hour, fails, whole, 1},
			{4 * time.Second, fails, whole, 0},
			{time.Second, fails, whole, 1},
			{5 * time.Second, serveCart(), whole, 2},
			{time.Minute, serveCart(), whole, 0},
		},
		"nor does a denial": {
			{0, serveCart(), whole, 2},
			{time.Hour, forbids, whole, 1},
			{29 * time.Second, serveCart(), whole, 0},
			{time.Second, serveCart(), whole, 2},
		},
		"a failure at first is pending": {
			{0, fails, nothing + isPending, 1},
			{4 * time.Second, serveCart(), nothing + isPending, 0},
			{time.Second, serveCart(), whole, 2},
		},
		"what is not there is soon looked for again": {
			{0, serveCart("replicasets"), nothing, 1},
			{59 * time.Second, serveCart(), nothing, 0},
			{time.Second, fails, nothing, 1},
			{5 * time.Second, serveCart(), whole, 2},
		},
		"a controller without its owner is an answer": {
			{0, serveCart("deployments"), orphan, 2},
			{59 * time.Minute, serveCart(), orphan, 0},
			{time.Minute, serveCart(), orphan, 2}, // and renewed behind it
			{0, serveCart(), whole, 0},
		},
		"a denial is tried again later": {
			{0, forbids, nothing, 1},
			{29 * time.Second, forbids, nothing, 0},
			{time.Second, forbids, nothing, 1},
			{59 * time.Second, serveCart(), nothing, 0},
			{time.Second, serveCart(), whole, 2},
		},
		"a denial counts anew where the right was there meanwhile": {
			{0, forbids, nothing, 1},
			{30 * time.Second, forbids, nothing, 1},
			{time.Minute, serveCart("replicasets"), nothing, 1}, // which only those with the right learn
			{time.Minute, forbids, nothing, 1},
			{30 * time.Second, serveCart(), whole, 2},
			{time.Hour, forbids, whole, 1},
			{29 * time.Second, serveCart(), whole, 0},
			{time.Second, serveCart(), whole, 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newAPI(nil)
				f := newFinder(t, server.config())
				pod, requests := podOf(cart()), 0
				for _, s := range steps {
					time.Sleep(s.after)
					server.set(s.answer)
					f.want(pod, s.want)
					synctest.Wait()
					requests += s.requests
					server.wantRequests(t, requests)
				}
			})
		})
	}
}

// No pod waits for the renewal of a cached chain.
func TestRenewalsAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAPI(serveCart())
		f := newFinder(t, server.config())
		pod := podOf(cart())
		f.want(pod, "ReplicaSet cart-1 [of][], Deployment cart [of][]")
		first := pod.Owners
		time.Sleep(owner.DefaultTTL)
		server.set(func(string) (int, string) {
			time.Sleep(time.Second)
			return 200, `{"metadata":{"uid":"cart-1","labels":{"of":"ReplicaSet"}}}` // was orphaned
		})
		began := time.Now()
		f.Find(t.Context(), []*record.Pod{pod})
		if d := time.Since(began); d > 0 || pod.Owners != first {
			t.Errorf("Find took %s and gave %s", d, describe(pod.Owners))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		f.want(pod, "ReplicaSet cart-1 [of][]")
	})
}

// Failures are logged once a minute, however many there are.
func TestFailuresAreLoggedAtALimitedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFinder(t, newAPI(always(500, "")).config())
		for range 121 {
			f.find(podOf(cart()))
			time.Sleep(time.Second)
		}
		f.wantLog("look-up failed", "look-up failed", "look-up failed")
		f.wantOutcomes(map[string]int{owner.OutcomeFailed: 25})
	})
}

func TestRateIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newAPI(serveCart())
		f := newFinder(t, server.config(), func(s *owner.Settings) { s.Rate, s.Burst = 10, 5 })
		began := time.Now()
		var pods []*record.Pod
		for revision := range strings.SplitSeq("abcdefghij", "") {
			set := cart()
			set.kind = "StatefulSet"
			pods = append(pods, podOf(set, "controller-revision-hash", revision))
		}
		f.Find(t.Context(), pods) // 20 requests, 5 of them at once
		if d := time.Since(began); d < 1490*time.Millisecond || d > 1510*time.Millisecond {
			t.Errorf("20 requests took %s, want 1.5 s", d)
		}
		server.wantRequests(t, 20)
	})
}

// The kinds of a version are requested again, soon if one was missing.
func TestHowLongDiscoveryIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kinds := `{"name":"boats","kind":"Boat","namespaced":true,"verbs":["get"]},{"name":"boats/scale","kind":"Ship","verbs":["get"]},{"name":"logs","kind":"Log","verbs":["create"]}`
		documents := 0
		server := newAPI(func(path string) (int, string) {
			if path == "/apis/example.com/v1" {
				documents++
				return 200,
					`{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"example.com/v1","resources":[` + kinds + `]}`
			}
			return 200, `{"metadata":{"uid":"one","labels":{"of":"Ship"}}}`
		})
		f := newFinder(t, server.config())
		ship := podOf(&object{apiVersion: "example.com/v1", kind: "Ship", name: "one"})
		log := podOf(&object{apiVersion: "example.com/v1", kind: "Log", name: "one", uid: "log"})
		f.want(ship, "Ship one")
		f.want(log, "Log one")
		kinds = `{"name":"ships","kind":"Ship","namespaced":true,"verbs":["get"]}`
		time.Sleep(owner.DefaultGoneTTL)
		f.want(ship, "Ship one [of][]")
		if documents != 2 {
			t.Errorf("%d documents were read, want 2", documents)
		}
		time.Sleep(owner.DefaultTTL)
		f.want(ship, "Ship one [of][]")
		synctest.Wait()
		if documents != 3 {
			t.Errorf("%d documents were read, want 3", documents)
		}
	})
}

// The right to discover is seen to be there as any other.
func TestDiscoveryIsGrantedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forbids := always(403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
		server := newAPI(forbids)
		f := newFinder(t, server.config())
		ship := podOf(&object{apiVersion: "example.com/v1", kind: "Ship", name: "one"})
		f.want(ship, "Ship one")
		time.Sleep(30 * time.Second)
		f.want(ship, "Ship one")
		time.Sleep(time.Minute)
		server.set(always(404, "")) // there is no such group
		f.want(ship, "Ship one")
		time.Sleep(time.Minute)
		server.set(forbids)
		f.want(ship, "Ship one")
		time.Sleep(30 * time.Second) // as after a first denial
		f.want(ship, "Ship one")
		server.wantRequests(t, 5)
	})
}
