package owner_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func TestChains(t *testing.T) {
	of := func(apiVersion, resource, kind, name string, controller *object) *object {
		return &object{
			apiVersion: apiVersion, resource: resource, kind: kind, namespace: "shop", name: name, controller: controller,
		}
	}
	node := &object{apiVersion: "v1", resource: "nodes", kind: "Node", name: "node-17"}
	fleet := &object{apiVersion: "example.com/v1", resource: "fleets", kind: "Fleet", name: "all"}
	rollout := of("argoproj.io/v1alpha1", "rollouts", "Rollout", "cart", nil)
	for name, c := range map[string]struct {
		first *object
		want  string
		gets  string
	}{
		"deployment": {
			cart(), foundCart, "/apis/apps/v1/namespaces/shop/replicasets/cart-1 /apis/apps/v1/namespaces/shop/deployments/cart",
		},
		"cronjob": {
			of("batch/v1", "jobs", "Job", "bill-1", of("batch/v1", "cronjobs", "CronJob", "bill", nil)),
			"Job bill-1 [of][of], CronJob bill [of][of]",
			"/apis/batch/v1/namespaces/shop/jobs/bill-1 /apis/batch/v1/namespaces/shop/cronjobs/bill",
		},
		"statefulset": {
			of("apps/v1", "statefulsets", "StatefulSet", "db", nil), "StatefulSet db [of][of]",
			"/apis/apps/v1/namespaces/shop/statefulsets/db",
		},
		"daemonset": {
			of("apps/v1", "daemonsets", "DaemonSet", "agent", nil), "DaemonSet agent [of][of]",
			"/apis/apps/v1/namespaces/shop/daemonsets/agent",
		},
		"replication controller": {
			of("v1", "replicationcontrollers", "ReplicationController", "old", nil), "ReplicationController old [of][of]",
			"/api/v1/namespaces/shop/replicationcontrollers/old",
		},
		"static pod": {node, "Node node-17", ""},
		"rollout": {
			replicaSet("cart-1", rollout), "ReplicaSet cart-1 [of][of], Rollout cart [of][of]",
			"/apis/apps/v1/namespaces/shop/replicasets/cart-1 /apis/argoproj.io/v1alpha1 " +
				"/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/cart",
		},
		"unusual kind of the core": {
			of("v1", "configmaps", "ConfigMap", "strange", nil), "ConfigMap strange [of][of]",
			"/api/v1 /api/v1/namespaces/shop/configmaps/strange",
		},
		"custom resource of the cluster": {
			of("example.com/v1", "ships", "Ship", "one", fleet), "Ship one [of][of], Fleet all [of][of]",
			"/apis/example.com/v1 /apis/example.com/v1/namespaces/shop/ships/one /apis/example.com/v1/fleets/all",
		},
		"a namespace below the cluster": { // which no API server should have let in
			&object{apiVersion: "example.com/v1", resource: "fleets", kind: "Fleet", name: "all", controller: cart()},
			"Fleet all [of][of], ReplicaSet cart-1",
			"/apis/example.com/v1 /apis/example.com/v1/fleets/all",
		},
	} {
		for media, opts := range map[string][]apiscript.Option{"protobuf": nil, "json": {apiscript.WithJSONOnly()}} {
			t.Run(name+"/"+media, func(t *testing.T) {
				srv := newServer(t, opts...)
				set(srv, c.first)
				f := newFinder(t, srv.Config())
				pod := podOf(c.first)
				f.want(pod, c.want)
				if got := strings.Join(gets(srv), " "); got != c.gets {
					t.Errorf("requests of %s, want %s", got, c.gets)
				}
				if got := pod.Owners.Owners[0].OwnerRef; got != c.first.ref() {
					t.Errorf("the first owner is %+v", got)
				}
			})
		}
	}
}

// A reference keeps the version that its writer had.
func TestUsualKindsAreAskedForAsV1(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	old := podOf(cart())
	old.Controller.APIVersion = "apps/v1beta2"
	newFinder(t, srv.Config()).want(old, foundCart)
}

// Discovery is asked once for all kinds of a version.
func TestDiscoveryIsKept(t *testing.T) {
	srv := newServer(t)
	f := newFinder(t, srv.Config())
	var pods []*record.Pod
	for i := range 20 {
		o := &object{
			apiVersion: "example.com/v1", resource: "ships", kind: "Ship", namespace: "shop", name: fmt.Sprint("ship-", i),
		}
		set(srv, o)
		pods = append(pods, podOf(o))
	}
	f.Find(t.Context(), pods)
	lost := podOf(&object{apiVersion: "example.com/v2", kind: "Ship", name: "one"})
	f.want(lost, "Ship one")
	lost.Controller.UID = "another"
	f.want(lost, "Ship one")
	counts := map[string]int{}
	for _, path := range gets(srv) {
		counts[path]++
	}
	if counts["/apis/example.com/v1"] != 1 || counts["/apis/example.com/v2"] != 1 || len(srv.Requests()) != 22 {
		t.Errorf("requests %v", counts)
	}
}

// If a reference can't be followed, the chain ends with it.
func TestEndsOfChains(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*apiscript.Server)
		want    string
		outcome string
	}{
		"controller is gone": {
			func(srv *apiscript.Server) { srv.DeleteOwner("apps/v1", "replicasets", "shop", "cart-1") },
			"ReplicaSet cart-1", owner.OutcomeGone,
		},
		"its owner is gone": {
			func(srv *apiscript.Server) { srv.DeleteOwner("apps/v1", "deployments", "shop", "cart") },
			"ReplicaSet cart-1 [of][of], Deployment cart", owner.OutcomeGone,
		},
		"controller was replaced": {
			func(srv *apiscript.Server) {
				rs := cart()
				rs.uid = "another"
				set(srv, rs)
			},
			"ReplicaSet cart-1", owner.OutcomeGone,
		},
		"its owner was replaced": {
			func(srv *apiscript.Server) {
				d := deployment("cart")
				d.uid = "another"
				set(srv, d)
			},
			"ReplicaSet cart-1 [of][of], Deployment cart", owner.OutcomeGone,
		},
		"controller may not be read": {
			func(srv *apiscript.Server) { srv.ForbidOwners("replicasets", true) },
			"ReplicaSet cart-1", owner.OutcomeForbidden,
		},
		"its owner may not be read": {
			func(srv *apiscript.Server) { srv.ForbidOwners("deployments", true) },
			"ReplicaSet cart-1 [of][of], Deployment cart", owner.OutcomeForbidden,
		},
		"server fails": {
			func(srv *apiscript.Server) { srv.FailOwners(http.StatusInternalServerError) },
			"ReplicaSet cart-1, pending", owner.OutcomeFailed,
		},
		"server says that it timed out": {
			func(srv *apiscript.Server) { srv.FailOwners(http.StatusGatewayTimeout) },
			"ReplicaSet cart-1, pending", owner.OutcomeTimeout,
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			set(srv, cart())
			c.spoil(srv)
			f := newFinder(t, srv.Config())
			f.want(podOf(cart()), c.want)
			n := len(srv.Requests())
			f.want(podOf(cart()), c.want) // is kept
			if got := len(srv.Requests()); got != n {
				t.Errorf("%d more requests", got-n)
			}
			f.wantOutcomes(map[string]int{c.outcome: 1})
		})
	}
}

func TestCircles(t *testing.T) {
	rs, d := cart(), deployment("cart")
	rs.controller, d.controller = d, rs
	srv := newServer(t)
	set(srv, rs)
	set(srv, d)
	f := newFinder(t, srv.Config())
	f.want(podOf(rs),
		strings.TrimSuffix(strings.Repeat("ReplicaSet cart-1 [of][of], Deployment cart [of][of], ", 4), ", "))
	f.wantOutcomes(map[string]int{owner.OutcomeTooDeep: 1})
}

// The creator of a pod can write anything into its owner reference, but can't lead the
// request elsewhere with it.
func TestStrangeReferences(t *testing.T) {
	srv := newServer(t)
	f := newFinder(t, srv.Config())
	for i, ref := range []record.OwnerRef{
		{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "../../bank/replicasets/ledger-1"},
		{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: ".."},
		{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "a%2fb"},
		{APIVersion: "apps/v1", Kind: "ReplicaSet"},
		{APIVersion: "../v1", Kind: "Secret", Name: "a"},
		{APIVersion: "a/b/c", Kind: "Secret", Name: "a"},
		{APIVersion: "", Kind: "Secret", Name: "a"},
	} {
		pod := podOf(nil)
		pod.Controller = ref
		pod.Controller.UID = strconv.Itoa(i)
		f.want(pod, ref.Kind+" "+ref.Name)
	}
	wantGets(t, srv)
	odd := podOf(replicaSet("a?b#c d", nil))
	f.want(odd, "ReplicaSet a?b#c d")
	wantGets(t, srv, "/apis/apps/v1/namespaces/shop/replicasets/a?b#c d")
}

func TestOutcomes(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range owner.Outcomes() {
		seen[o] = true
	}
	if len(seen) != 8 || !seen[owner.OutcomeFound] || !seen[owner.OutcomeBusy] {
		t.Errorf("outcomes %v", owner.Outcomes())
	}
}
