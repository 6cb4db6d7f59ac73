package owner_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// attack is a tenant that changes a pod many times a second, and another tenant that rolls
// out once a second, at a server without a network, so that time can be the test's.
type attack struct {
	latency  time.Duration
	pod      func(i int) *record.Pod                     // of the hostile tenant
	answer   func(path string) (status int, body string) // for that one
	header   http.Header                                 // of answers for that one
	requests map[string][]time.Duration                  // by tenant
	mu       sync.Mutex
	start    time.Time
}

func (a *attack) RoundTrip(r *http.Request) (*http.Response, error) {
	tenant := "evil"
	if strings.Contains(r.URL.Path, "/shop/") {
		tenant = "shop"
	}
	a.mu.Lock()
	a.requests[tenant] = append(a.requests[tenant], time.Since(a.start))
	a.mu.Unlock()
	time.Sleep(a.latency)
	status := http.StatusOK
	var body string
	header := http.Header{"Content-Type": {"application/json"}}
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case tenant == "evil":
		status, body = a.answer(r.URL.Path)
		maps.Copy(header, a.header)
	case strings.Contains(r.URL.Path, "deployments"):
		body = fmt.Sprintf(`{"metadata":{"uid":%q,"labels":{"of":"Deployment"},"annotations":{"of":"x"}}}`, name)
	default:
		body = fmt.Sprintf(`{"metadata":{"uid":%q,"labels":{"of":"ReplicaSet"},"annotations":{"of":"x"},"ownerReferences":[{"controller":true,"apiVersion":"apps/v1","kind":"Deployment","name":%q,"uid":%q}]}}`,
			name, strings.TrimSuffix(name, "-1"), strings.TrimSuffix(name, "-1"))
	}
	return &http.Response{StatusCode: status, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// run attacks for a while, with one Find after the other as the pipeline makes them, and
// returns the delays of the other tenant's pods and how many of them lack an owner.
func (a *attack) run(t *testing.T, f *finder, rate int, length time.Duration) (delays []time.Duration, lacking int) {
	t.Helper()
	a.start = time.Now()
	made := 0
	rollouts := 0
	for time.Since(a.start) < length {
		// The events since the last group was written.
		elapsed := time.Since(a.start)
		due := int(elapsed.Seconds() * float64(rate))
		var pods []*record.Pod
		for ; made <= due && len(pods) < 128; made++ {
			pods = append(pods, a.pod(made))
		}
		var victim *record.Pod
		came := a.start.Add(time.Duration(rollouts) * time.Second)
		if !came.After(time.Now()) {
			victim = podOf(replicaSet(fmt.Sprintf("cart-%d-1", rollouts), nil))
			pods = append(pods, victim)
			rollouts++
		}
		f.Find(t.Context(), pods)
		if victim != nil {
			delays = append(delays, time.Since(came))
			if len(victim.Owners.Owners) != 2 || victim.Owners.Pending {
				lacking++
			}
		}
		time.Sleep(time.Millisecond)
	}
	slices.Sort(delays)
	return delays, lacking
}

// TestHostileTenant: whatever a tenant writes into its pods, and however often, the API
// server gets few requests for it, and the pods of other tenants have their owners, with
// little delay.
func TestHostileTenant(t *testing.T) {
	length := time.Minute
	if os.Getenv("HOSTILE") == "long" {
		length = time.Hour
	}
	evil := func(kind, name, uid string, labels ...string) *record.Pod {
		o := &object{apiVersion: "apps/v1", kind: kind, name: name, uid: uid}
		pod := podOf(o, labels...)
		pod.Namespace = "evil"
		return pod
	}
	found := func(path string) (int, string) {
		return 200, fmt.Sprintf(`{"metadata":{"uid":%q}}`, path[strings.LastIndexByte(path, '/')+1:])
	}
	missing := always(404, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	for name, c := range map[string]struct {
		pod     func(i int) *record.Pod
		answer  func(path string) (int, string)
		header  http.Header
		latency time.Duration
		rate    int     // changes a second
		burst   int     // requests for the tenant at first
		steady  float64 // ... and a second
	}{
		"changes its revision": {
			pod: func(i int) *record.Pod {
				return evil("StatefulSet", "db", "db", "controller-revision-hash", strconv.Itoa(i))
			},
			answer: found, latency: 5 * time.Millisecond, rate: 400, burst: 4, steady: 0.05,
		},
		"changes another label": {
			pod:    func(i int) *record.Pod { return evil("DaemonSet", "db", "db", "pod-template-hash", strconv.Itoa(i)) },
			answer: found, latency: 100 * time.Millisecond, rate: 2000, burst: 4, steady: 0.05,
		},
		"changes the revisions of 1,000 pods": {
			pod: func(i int) *record.Pod {
				name := fmt.Sprint("db-", i%1000)
				return evil("StatefulSet", name, name, "controller-revision-hash", strconv.Itoa(i))
			},
			answer: found, latency: 5 * time.Millisecond, rate: 1000, burst: 4000, steady: 20,
		},
		"names owners that don't exist": {
			pod:    func(i int) *record.Pod { return evil("ReplicaSet", fmt.Sprint("x-", i), "x") },
			answer: missing, latency: 5 * time.Millisecond, rate: 400, burst: 400, steady: 20,
		},
		"names groups that don't exist": {
			pod: func(i int) *record.Pod {
				pod := evil("X", "x", "x")
				pod.Controller.APIVersion = fmt.Sprintf("g%d.example.com/v1", i)
				return pod
			},
			answer: missing, latency: 5 * time.Millisecond, rate: 400, burst: 400, steady: 20,
		},
		"takes turns with 5,000 owners": {
			pod: func(i int) *record.Pod {
				name := fmt.Sprint("x-", i%5000)
				return evil("ReplicaSet", name, name)
			},
			answer: found, latency: 5 * time.Millisecond, rate: 400, burst: 5400, steady: 20,
		},
		"names a group that is overloaded": {
			pod: func(i int) *record.Pod {
				pod := evil("X", fmt.Sprint("x-", i), "x")
				pod.Controller.APIVersion = "away.example.com/v1"
				return pod
			},
			answer: always(503, "away"), header: http.Header{"Retry-After": {"86400"}},
			latency: 5 * time.Millisecond, rate: 400, burst: 20, steady: 0.1,
		},
		"names a group that is slow": {
			pod: func(i int) *record.Pod {
				pod := evil("X", fmt.Sprint("x-", i), "x")
				pod.Controller.APIVersion = fmt.Sprint("slow.example.com/v", i)
				return pod
			},
			answer:  func(string) (int, string) { time.Sleep(4 * time.Second); return 404, "" },
			latency: 5 * time.Millisecond, rate: 400, burst: 400, steady: 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &attack{
					latency: c.latency, pod: c.pod, answer: c.answer, header: c.header, requests: map[string][]time.Duration{},
				}
				f := newFinder(t, &rest.Config{Host: "http://api.invalid", Transport: a}, func(s *owner.Settings) { s.Timeout = 0 })
				delays, lacking := a.run(t, f, c.rate, length)
				evil, most := len(a.requests["evil"]), float64(c.burst)+c.steady*length.Seconds()
				p99 := delays[len(delays)*99/100]
				t.Logf("%d requests for the tenant (%.1f/s); %d pods of the other one, %d without owners, delay at most %v, p99 %v",
					evil, float64(evil)/length.Seconds(), len(delays), lacking, delays[len(delays)-1], p99)
				if float64(evil) > most {
					t.Errorf("%d requests for the tenant, want at most %.0f", evil, most)
				}
				if lacking > 0 {
					t.Errorf("%d of %d pods of the other tenant lack their owners", lacking, len(delays))
				}
				if p99 > time.Second {
					t.Errorf("the p99 of delays is %v", p99)
				}
			})
		})
	}
}

// TestHostileOverload: a server that asks for a pause gets it, of at most five minutes, and
// the pods have the reason.
func TestHostileOverload(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header string
		least  int // requests in an hour
		most   int
	}{
		"a day":         {429, "86400", 12, 13},
		"68 years":      {503, "2147483647", 12, 13},
		"two minutes":   {503, "120", 30, 31},
		"without words": {429, "", 100, 140},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				f := newFinder(t,
					&rest.Config{Host: "http://api.invalid", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						requests++
						return &http.Response{
							StatusCode: c.status, Header: http.Header{"Retry-After": {c.header}}, Request: r,
							Body: io.NopCloser(strings.NewReader("no")),
						}, nil
					})})
				for start := time.Now(); time.Since(start) < time.Hour; time.Sleep(time.Second) {
					pod := podOf(replicaSet(fmt.Sprint("cart-", time.Since(start)/time.Second%600), nil))
					began := time.Now()
					f.find(pod)
					if !pod.Owners.Pending || pod.Owners.Reason != owner.ReasonThrottled || time.Since(began) > time.Millisecond {
						t.Fatalf("got %s for %q after %v", describe(pod.Owners), pod.Owners.Reason, time.Since(began))
					}
				}
				if requests < c.least || requests > c.most {
					t.Errorf("%d requests, want %d to %d", requests, c.least, c.most)
				}
			})
		})
	}
}

// TestHostileOwnerRedirect: the token goes nowhere but to the server.
func TestHostileOwnerRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 307, 308} {
		synctest.Test(t, func(t *testing.T) {
			f := newFinder(t,
				&rest.Config{
					Host: "https://api.invalid", BearerToken: "secret",
					Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						if r.URL.Host != "api.invalid" {
							t.Errorf("request of %s with %q", r.URL, r.Header.Get("Authorization"))
						}
						return &http.Response{
							StatusCode: status, Header: http.Header{"Location": {"http://thief.invalid/"}}, Request: r, Body: http.NoBody,
						}, nil
					}),
				})
			f.want(podOf(cart()), "ReplicaSet cart-1, pending")
			f.wantLog("redirects are refused")
		})
	}
}

// TestHostileInitialPods: a tenant has thousands of pods with owners that don't exist
// before the start. They hold up the others for a few seconds only.
func TestHostileInitialPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &attack{
			latency: 5 * time.Millisecond, answer: always(404, ""), requests: map[string][]time.Duration{}, start: time.Now(),
		}
		f := newFinder(t, &rest.Config{Host: "http://api.invalid", Transport: a})
		var pods, shop []*record.Pod
		for i := range 20_000 {
			pod := podOf(replicaSet(fmt.Sprint("x-", i), nil))
			pod.Namespace = "evil"
			if i%100 == 0 {
				pod = podOf(replicaSet(fmt.Sprintf("cart-%d-1", i), nil))
				shop = append(shop, pod)
			}
			pods = append(pods, pod)
		}
		f.findInitial(pods)
		took := time.Since(a.start)
		wantWhole(t, shop)
		if evil := len(a.requests["evil"]); took > 10*time.Second || evil > 400+int(20*took.Seconds())+10 {
			t.Errorf("it took %v and %d requests for the tenant", took, evil)
		}
	})
}
