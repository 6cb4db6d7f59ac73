package owner_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A pod gets a chain, whatever the answer of the server.
func TestNonsense(t *testing.T) {
	status := `{"kind":"Status","apiVersion":"v1","status":"Success"}`
	for name, c := range map[string]struct {
		status        int
		body          string
		usual, custom string // the outcomes if it is the answer for an owner and for discovery
	}{
		"nothing":   {200, "", owner.OutcomeFailed, owner.OutcomeFailed},
		"null":      {200, "null", owner.OutcomeFailed, owner.OutcomeFailed},
		"no JSON":   {200, "<html>", owner.OutcomeFailed, owner.OutcomeFailed},
		"cut":       {200, `{"metadata":{"uid":"cart-1"`, owner.OutcomeFailed, owner.OutcomeFailed},
		"no object": {200, "[1,2]", owner.OutcomeFailed, owner.OutcomeFailed},
		"no metadata": {
			200, `{"kind":"ReplicaSet","apiVersion":"apps/v1"}`, owner.OutcomeFailed, owner.OutcomeFailed,
		},
		"metadata of a kind": {200, `{"metadata":"cart-1"}`, owner.OutcomeFailed, owner.OutcomeFailed},
		"a status":           {200, status, owner.OutcomeFailed, owner.OutcomeFailed},
		"magic only":         {200, "k8s\x00", owner.OutcomeFailed, owner.OutcomeFailed},
		"magic and noise":    {200, "k8s\x00\xff\xff\xff\xff", owner.OutcomeFailed, owner.OutcomeFailed},
		"too much": {
			200, `{"metadata":{"uid":"cart-1","name":"` + strings.Repeat("x", 4<<20) + `"}}`, owner.OutcomeFailed,
			owner.OutcomeFailed,
		},
		"a redirect":          {302, "", owner.OutcomeFailed, owner.OutcomeFailed},
		"not found, in words": {404, "404 page not found", owner.OutcomeGone, owner.OutcomeGone},
		"forbidden, in words": {403, "no", owner.OutcomeForbidden, owner.OutcomeForbidden},
		"not acceptable":      {406, "", owner.OutcomeFailed, owner.OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFinder(t, newAPI(always(c.status, c.body)).config())
			ship := &object{apiVersion: "example.com/v1", kind: "Ship", name: "one"}
			for kind, p := range map[string]struct {
				of      *object
				outcome string
			}{"usual": {cart(), c.usual}, "custom": {ship, c.custom}} {
				before := f.outcomes[p.outcome]
				got := f.find(podOf(p.of))
				want := p.of.kind + " " + p.of.name
				if p.outcome == owner.OutcomeFailed {
					want += ", pending"
				}
				if got != want || f.outcomes[p.outcome] != before+1 {
					t.Errorf("%s kind: got %s, want %s; outcomes %v", kind, got, want, f.outcomes)
				}
			}
		})
	}
}

// Servers without PartialObjectMetadata answer with the whole object.
func TestWholeObjects(t *testing.T) {
	for name, media := range map[string]string{
		"json": "application/json", "protobuf": "application/vnd.kubernetes.protobuf",
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t)
			set(srv, cart())
			cfg := srv.Config()
			cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					r = r.Clone(r.Context())
					r.Header.Set("Accept", media)
					return next.RoundTrip(r)
				})
			})
			newFinder(t, cfg).want(podOf(cart()), foundCart)
		})
	}
}

func TestRequests(t *testing.T) {
	srv := newServer(t)
	set(srv, cart())
	cfg := srv.Config()
	cfg.UserAgent = "pod-status-logger/test"
	var accept []string
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			accept = append(accept, r.Header.Get("Accept"))
			return next.RoundTrip(r)
		})
	})
	newFinder(t, cfg).want(podOf(cart()), foundCart)
	const of = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	want := "application/vnd.kubernetes.protobuf" + of + ",application/json" + of + ",application/json"
	if len(accept) != 2 || accept[0] != want || accept[1] != want {
		t.Errorf("accepts %q, want %q", accept, want)
	}
	if agent := srv.Requests()[0].UserAgent; agent != cfg.UserAgent {
		t.Errorf("User-Agent %q, want %q", agent, cfg.UserAgent)
	}
}

// A proxy may serve many clusters, each below a path of its own.
func TestServerBelowAPath(t *testing.T) {
	server := newAPI(func(path string) (int, string) {
		if path != "/k8s/clusters/c-1"+getCart1 {
			return 404, ""
		}
		return 200, `{"metadata":{"uid":"cart-1"}}`
	})
	cfg := &rest.Config{Host: "http://api.invalid/k8s/clusters/c-1", Transport: server}
	f := newFinder(t, cfg)
	f.want(podOf(cart()), "ReplicaSet cart-1")
	f.wantOutcomes(map[string]int{owner.OutcomeFound: 1})
}

// FuzzAnswer looks up the owners of two pods, one of them of a kind to discover,
// at a server that answers everything with the input.
func FuzzAnswer(f *testing.F) {
	rs := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		UID: "cart-1", Labels: map[string]string{"of": "ReplicaSet", "x": "y"},
	}}
	meta, err := rs.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	frame, err := (&runtime.Unknown{Raw: meta}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("k8s\x00" + string(frame))
	_, whole := serveCart()(getCart1)
	f.Add(whole)
	f.Add(`{"kind":"APIResourceList","groupVersion":"example.com/v1","resources":[{"name":"ships","kind":"Ship","verbs":["get"]}]}`)
	server := newAPI(nil)
	finder := newFinder(f, server.config(), func(s *owner.Settings) { s.Rate = 1e9 })
	n := 0
	f.Fuzz(func(t *testing.T, body string) {
		server.set(always(200, body))
		n++
		for _, o := range []*object{cart(), {apiVersion: "example.com/v" + strconv.Itoa(n), kind: "Ship", name: "one"}} {
			pod := podOf(o)
			pod.Namespace = "shop-" + strconv.Itoa(n) // another key for each input
			finder.Find(t.Context(), []*record.Pod{pod})
			owners := pod.Owners.Owners
			if len(owners) == 0 || owners[0].OwnerRef != o.ref() || owners[0].Labels["x"] != "" {
				t.Errorf("got %+v", pod.Owners)
			}
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
