package owner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

const (
	foundCart = "ReplicaSet cart-1 [of][of], Deployment cart [of][of]"
	getCart1  = "/apis/apps/v1/namespaces/shop/replicasets/cart-1"
	getCart   = "/apis/apps/v1/namespaces/shop/deployments/cart"
)

// The pods of one ReplicaSet share one chain and one request per owner, over all calls
// of Find.
func TestPodsOfOneRolloutShareTheirChain(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	f := newFinder(t, srv.Config())
	pods := make([]*record.Pod, 200)
	for i := range pods {
		pods[i] = podOf(cart(), "pod-template-hash", "1")
	}
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { f.Find(t.Context(), pods[i*20:(i+1)*20]) })
	}
	wg.Wait()
	for i, pod := range pods {
		if pod.Owners != pods[0].Owners {
			t.Errorf("pod %d has a chain of its own: %s", i, describe(pod.Owners))
		}
	}
	f.want(pods[0], foundCart)
	wantGets(t, srv, getCart1, getCart)
	f.wantOutcomes(map[string]int{owner.OutcomeFound: 1})
}

// A StatefulSet is the same object over its rollouts, and yet each sees it as it
// is in its time.
func TestRevisionsAreLookedUpAfresh(t *testing.T) {
	db := &object{apiVersion: "apps/v1", resource: "statefulsets", kind: "StatefulSet", namespace: "shop", name: "db"}
	srv := newServer(t)
	set(srv, db)
	f := newFinder(t, srv.Config())
	before, after := podOf(db, "controller-revision-hash", "db-1"), podOf(db, "controller-revision-hash", "db-2")
	f.want(before, "StatefulSet db [of][of]")
	next := *db
	next.kind = "Set of the future" // set makes the labels of it
	set(srv, &next)
	f.want(before, "StatefulSet db [of][of]")
	f.want(after, "StatefulSet db [of][of] with labels of another")
	f.want(before, "StatefulSet db [of][of]")
	if n := len(srv.Requests()); n != 2 {
		t.Errorf("%d requests, want one per revision", n)
	}
}

// The creator of a pod can write the uid of another's controller into it. That pod has
// its own look-up, and spoils nothing, whether it comes first or last.
func TestReferencesToWhatIsOfOthers(t *testing.T) {
	for name, change := range map[string]func(*record.Pod){
		"namespace":   func(p *record.Pod) { p.Namespace = "lair" },
		"api version": func(p *record.Pod) { p.Controller.APIVersion = "v1/of/nothing" },
		"kind":        func(p *record.Pod) { p.Controller.Kind = "Deployment" },
		"name":        func(p *record.Pod) { p.Controller.Name = "till-1" },
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			set(srv, cart())
			f := newFinder(t, srv.Config())
			forged := podOf(cart())
			change(forged)
			unread := forged.Controller.Kind + " " + forged.Controller.Name
			f.want(forged, unread)
			f.want(podOf(cart()), foundCart)
			f.want(forged, unread)
			f.wantOutcomes(map[string]int{owner.OutcomeFound: 1, owner.OutcomeGone: 1})
		})
	}
}

// The revision is a label, and a ReplicaSet has one anyway: it buys no look-ups.
func TestRevisionOfReplicaSetDoesNotCount(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	f := newFinder(t, srv.Config())
	for _, label := range []string{"pod-template-hash", "controller-revision-hash"} {
		for i := range 10 {
			f.want(podOf(cart(), label, strconv.Itoa(i)), foundCart)
		}
	}
	wantGets(t, srv, getCart1, getCart)
}

func TestPodsWithoutOwnersToLookUp(t *testing.T) {
	srv := newServer(t)
	f := newFinder(t, srv.Config())
	byHand := podOf(cart())
	byHand.Controller.UID = ""
	f.want(podOf(nil), "")
	f.want(byHand, "ReplicaSet cart-1")
	f.Find(t.Context(), nil)
	wantGets(t, srv)
}

// A pod that waits in vain gets its own reference, and the next one gets the late
// answer.
func TestLateAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		ctx     time.Duration
	}{
		"for Timeout":            {timeout: 30 * time.Millisecond, ctx: wait.Patience},
		"for the caller":         {timeout: wait.Patience, ctx: 30 * time.Millisecond},
		"for a caller who left":  {timeout: wait.Patience, ctx: -1},
		"for Timeout of nothing": {timeout: time.Nanosecond, ctx: wait.Patience},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			set(srv, cart())
			set(srv, replicaSet("till-1", deployment("till")))
			f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.Timeout = c.timeout })
			srv.Hang()
			ctx, cancel := context.WithTimeout(t.Context(), c.ctx)
			defer cancel()
			pods := []*record.Pod{podOf(cart()), podOf(replicaSet("till-1", nil)), podOf(nil)}
			began := time.Now()
			f.Find(ctx, pods)
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("Find took %s", d)
			}
			for i, want := range []string{"ReplicaSet cart-1, pending", "ReplicaSet till-1, pending", ""} {
				if got := describe(pods[i].Owners); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			if pods[0].Owners.Owners[0].OwnerRef != cart().ref() {
				t.Errorf("the controller is %+v", pods[0].Owners.Owners[0])
			}
			srv.Resume()
			wait.Until(t, "the late answer", func() bool { return f.find(pods[0]) == foundCart })
			wait.Until(t, "the other one", func() bool { return !strings.HasSuffix(f.find(pods[1]), "pending") })
			if n := len(srv.Requests()); n != 4 {
				t.Errorf("%d requests, want one per owner", n)
			}
		})
	}
}

func TestServerDownAndUp(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.RetryAfter = time.Millisecond })
	known := podOf(replicaSet("till-1", nil))
	set(srv, replicaSet("till-1", nil))
	f.want(known, "ReplicaSet till-1 [of][of]")
	srv.Down()
	for range 3 {
		f.want(podOf(cart()), "ReplicaSet cart-1, pending")
		time.Sleep(2 * time.Millisecond)
	}
	f.want(known, "ReplicaSet till-1 [of][of]")
	f.wantLog(`owners: look-up failed, retrying; records lack owners that are not cached" namespace=shop error="ReplicaSet cart-1: `)
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the owners", func() bool { return f.find(podOf(cart())) == foundCart })
}

// A look-up that fails on its way keeps the owners so far, as pending.
func TestFailuresOnTheWay(t *testing.T) {
	server := newAPI(func(path string) (int, string) {
		if strings.Contains(path, "argoproj.io") {
			return 503, ""
		}
		return 200,
			`{"metadata":{"uid":"cart-1","labels":{"of":"ReplicaSet"},"ownerReferences":[{"controller":true,"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","name":"cart","uid":"cart"}]}}`
	})
	f := newFinder(t, server.config())
	f.want(podOf(cart()), "ReplicaSet cart-1 [of][], Rollout cart, pending")
	f.want(podOf(cart()), "ReplicaSet cart-1 [of][], Rollout cart, pending")
	server.wantRequests(t, 2)
	f.wantOutcomes(map[string]int{owner.OutcomeThrottled: 1})
	f.wantLog(`error="Rollout cart: discover argoproj.io/v1alpha1: `)
}

func TestRequestTimeout(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	srv.DelayOwners(time.Hour)
	f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.RequestTimeout = 20 * time.Millisecond })
	f.want(podOf(cart()), "ReplicaSet cart-1, pending")
	f.wantOutcomes(map[string]int{owner.OutcomeTimeout: 1})
}

// Look-ups beyond the queue are refused at once, and so are those of a namespace beyond its
// share.
func TestTooManyLookUps(t *testing.T) {
	srv := newServer(t)
	srv.Hang()
	f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.Timeout = 50 * time.Millisecond })
	pods := make([]*record.Pod, 1500)
	for i := range pods {
		pods[i] = podOf(replicaSet(fmt.Sprintf("cart-%d", i), nil))
		pods[i].Namespace = fmt.Sprint("shop-", i%100)
		if i < 500 {
			pods[i].Namespace = "greedy"
		}
	}
	f.Find(t.Context(), pods)
	for i, pod := range pods {
		if got, want := describe(pod.Owners), fmt.Sprintf("ReplicaSet cart-%d, pending", i); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f.mu.Lock()
	busy := f.outcomes[owner.OutcomeBusy]
	f.mu.Unlock()
	// 1,400 would be allowed; those of the others that find no room take that of the greedy.
	if busy < 100 || busy > 1500-1024 {
		t.Errorf("%d look-ups were refused", busy)
	}
	if n := len(srv.Requests()); n > 16 {
		t.Errorf("%d requests are under way at once", n)
	}
}

func TestClose(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	f := newFinder(t, srv.Config())
	f.want(podOf(cart()), foundCart)
	srv.Hang()
	waiting := podOf(replicaSet("till-1", nil))
	found := make(chan string)
	go func() { found <- f.find(waiting) }()
	wait.Until(t, "the request", func() bool { return len(srv.Requests()) == 3 })
	f.Close()
	f.Close() // is no harm
	if got := <-found; got != "ReplicaSet till-1, pending" {
		t.Errorf("who waited got %s", got)
	}
	f.want(waiting, "ReplicaSet till-1, pending")
	f.want(podOf(cart()), foundCart)
	f.wantOutcomes(map[string]int{owner.OutcomeFound: 1})
	f.wantLog()
}

func TestCacheIsBounded(t *testing.T) {
	srv := newServer(t)
	f := newFinder(t, srv.Config(), func(s *owner.Settings) { s.CacheSize = 2 })
	for _, name := range []string{"a", "b", "c", "b", "c", "a"} {
		set(srv, replicaSet(name, nil))
		f.want(podOf(replicaSet(name, nil)), "ReplicaSet "+name+" [of][of]")
	}
	if n := len(srv.Requests()); n != 4 {
		t.Errorf("%d requests, want 4: only the oldest was forgotten", n)
	}
}

// Large chains make way for each other long before there are CacheSize of them, whether
// annotations or references make them large.
func TestCacheIsBoundedByBytes(t *testing.T) {
	var keys []string
	annotations := map[string]string{}
	for i := range 16 {
		keys = append(keys, fmt.Sprint("note-", i))
		annotations[keys[i]] = strings.Repeat("x", record.MaxAnnotation)
	}
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		pod   func(i int) *record.Pod
		meta  func(name string) *metav1.PartialObjectMetadata // nil = none
		count int                                             // of chains, more than fit
		kept  int                                             // of them at most
	}{
		"annotations": {
			pod: func(i int) *record.Pod { return podOf(replicaSet(fmt.Sprintf("cart-%d-0", i), nil)) },
			meta: func(name string) *metav1.PartialObjectMetadata { // eight owners, half a megabyte
				at := strings.LastIndexByte(name, '-') + 1
				depth, _ := strconv.Atoi(name[at:])
				meta := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{UID: types.UID(name), Annotations: annotations}}
				if next := name[:at] + strconv.Itoa(depth+1); depth < 7 {
					meta.OwnerReferences = []metav1.OwnerReference{{
						APIVersion: "apps/v1", Kind: "ReplicaSet", Name: next, UID: types.UID(next), Controller: new(true),
					}}
				}
				return meta
			},
			count: 70, kept: 64,
		},
		"references": {
			pod: func(i int) *record.Pod {
				o := replicaSet(long, nil)
				o.uid = strconv.Itoa(i)
				return podOf(o)
			},
			meta:  func(string) *metav1.PartialObjectMetadata { return nil },
			count: 40, kept: 32,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newAPI(func(path string) (int, string) {
				meta := c.meta(path[strings.LastIndexByte(path, '/')+1:])
				if meta == nil {
					return 404, ""
				}
				body, err := json.Marshal(meta)
				if err != nil {
					t.Error(err)
				}
				return 200, string(body)
			})
			f := newFinder(t, server.config(),
				func(s *owner.Settings) { s.Annotations, s.Rate, s.GoneTTL = keys, 1e9, time.Hour })
			lookUps := func() (n int) {
				f.mu.Lock()
				defer f.mu.Unlock()
				for _, count := range f.outcomes {
					n += count
				}
				return n
			}
			for i := range c.count {
				f.find(c.pod(i))
				f.find(c.pod(0)) // is used all the time
			}
			if n := lookUps(); n != c.count {
				t.Errorf("%d look-ups, want %d: what is used stays", n, c.count)
			}
			for i := c.count - 1; i > c.count-c.kept/2; i-- {
				f.find(c.pod(i))
			}
			if n := lookUps(); n != c.count {
				t.Errorf("%d look-ups, want %d: what is recent stays", n, c.count)
			}
			for i := 1; i <= c.count-c.kept; i++ {
				f.find(c.pod(i))
			}
			if n, want := lookUps(), c.count+c.count-c.kept; n != want {
				t.Errorf("%d look-ups, want %d: what is too much goes", n, want)
			}
		})
	}
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		config *rest.Config
		want   string
	}{
		"no config":  {nil, "create owner finder: no API server is configured"},
		"bad config": {&rest.Config{Host: "http://a b"}, "create API client: "},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := owner.New(owner.Settings{Config: c.config}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
	// OnLookup is optional, and the config is the caller's.
	srv := newServer(t, apiscript.WithTLS())
	set(srv, cart())
	cfg := srv.Config()
	cfg.Timeout, cfg.QPS, cfg.Burst = time.Nanosecond, 1e-9, 1
	f, err := owner.New(owner.Settings{Config: cfg, Timeout: wait.Patience})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pod := podOf(cart())
	f.Find(t.Context(), []*record.Pod{pod})
	if got := describe(pod.Owners); got != "ReplicaSet cart-1, Deployment cart" {
		t.Errorf("got %s", got)
	}
	if o := pod.Owners.Owners[0]; o.Labels != nil || o.Annotations != nil {
		t.Errorf("what nobody asked for is kept as %+v", o)
	}
	if cfg.Timeout != time.Nanosecond || cfg.GroupVersion != nil || cfg.WrapTransport != nil {
		t.Error("the config was changed")
	}
}
