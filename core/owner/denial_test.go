package owner_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// A missing right is logged once, and not tried again for a while, whatever needs it.
func TestForbidden(t *testing.T) {
	srv := newServer(t)
	f := newFinder(t, srv.Config())
	ofOthers := replicaSet("ledger-1", nil)
	ofOthers.namespace = "bank"
	for _, o := range []*object{cart(), replicaSet("till-1", nil), ofOthers} {
		set(srv, o)
	}
	old := &object{
		apiVersion: "v1", resource: "replicationcontrollers", kind: "ReplicationController", namespace: "shop", name: "old",
	}
	srv.ForbidOwners("replicasets", true)
	srv.ForbidOwners("replicationcontrollers", true)

	f.want(podOf(cart()), "ReplicaSet cart-1")
	f.want(podOf(replicaSet("till-1", nil)), "ReplicaSet till-1")
	again := cart()
	again.uid = "of another key"
	f.want(podOf(again), "ReplicaSet cart-1")
	wantGets(t, srv, getCart1)
	// Rights may be given by namespace.
	elsewhere := podOf(ofOthers)
	elsewhere.Namespace = "bank"
	f.want(elsewhere, "ReplicaSet ledger-1")
	wantGets(t, srv, getCart1, "/apis/apps/v1/namespaces/bank/replicasets/ledger-1")
	f.want(podOf(old), "ReplicationController old")
	f.wantLog(
		`owners: may not get replicasets.apps; the owner chains of pods end there; allow it with {apiGroups: [apps], resources: [replicasets], verbs: [get]}`,
		`owners: may not get replicationcontrollers; the owner chains of pods end there; allow it with {apiGroups: [\"\"], resources: [replicationcontrollers], verbs: [get]}`,
	)
	f.wantOutcomes(map[string]int{owner.OutcomeForbidden: 5})
}

func TestForbiddenDiscovery(t *testing.T) {
	srv := newServer(t)
	f := newFinder(t, srv.Config())
	srv.FailOwners(http.StatusForbidden)
	for _, version := range []string{"v1", "v2"} {
		ship := &object{apiVersion: "example.com/" + version, kind: "Ship", name: "one", uid: version}
		f.want(podOf(ship), "Ship one")
	}
	wantGets(t, srv, "/apis/example.com/v1")
	f.wantLog(`owners: may not get discovery documents; the owner chains of pods end there; allow it with {nonResourceURLs: [/api/*, /apis/*], verbs: [get]}`)
}

// A right that was granted is noticed. One that was lost removes no owner from known
// chains.
func TestRightsChange(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.TTL, s.ForbiddenTTL = time.Nanosecond, time.Nanosecond })
	pod := podOf(cart())
	srv.ForbidOwners("deployments", true)
	f.want(pod, "ReplicaSet cart-1 [of][of], Deployment cart")
	srv.ForbidOwners("deployments", false)
	wait.Until(t, "the right to be noticed", func() bool { return f.find(pod) == foundCart })
	srv.ForbidOwners("replicasets", true)
	n := len(srv.Requests())
	wait.Until(t, "some look-ups", func() bool {
		f.Find(t.Context(), []*record.Pod{pod})
		return len(srv.Requests()) > n+5
	})
	f.want(pod, foundCart)
	f.wantLog(
		"owners: may not get deployments.apps; the owner chains of pods end there; allow it with {apiGroups: [apps], "+
			"resources: [deployments], verbs: [get]}",
		"owners: may get deployments.apps again",
		"owners: may not get replicasets.apps; the owner chains of pods end there; allow it with {apiGroups: [apps], "+
			"resources: [replicasets], verbs: [get]}",
	)
	srv.ForbidOwners("replicasets", false)
	wait.Until(t, "the right to be noticed", func() bool { f.find(pod); return len(f.log.Lines()) == 4 })
	srv.ForbidOwners("replicasets", true)
	wait.Until(t, "the second loss to be logged", func() bool { f.find(pod); return len(f.log.Lines()) == 5 })
}
