package owner_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// object is an owner: its place and its controller.
type object struct {
	apiVersion, resource, kind, namespace, name string
	uid                                         string // "" = the name
	controller                                  *object
}

func (o *object) ref() record.OwnerRef {
	uid := o.uid
	if uid == "" {
		uid = o.name
	}
	return record.OwnerRef{APIVersion: o.apiVersion, Kind: o.kind, Name: o.name, UID: uid}
}

// set puts the object and those that control it on the server. Each has the
// label and the annotation "of", with its kind, and one more.
func set(srv *apiscript.Server, o *object) {
	own := map[string]string{"of": o.kind, "more": "of this"}
	meta := &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{Kind: o.kind},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: o.namespace, Name: o.name, UID: types.UID(o.ref().UID), Labels: own, Annotations: own,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "no-controller", UID: "x"}},
		},
	}
	if c := o.controller; c != nil {
		ref := c.ref()
		meta.OwnerReferences = append(meta.OwnerReferences, metav1.OwnerReference{
			APIVersion: ref.APIVersion, Kind: ref.Kind, Name: ref.Name, UID: types.UID(ref.UID), Controller: new(true),
		})
		if c.controller != o {
			set(srv, c)
		}
	}
	srv.SetOwner(o.apiVersion, o.resource, meta)
}

func deployment(name string) *object {
	return &object{apiVersion: "apps/v1", resource: "deployments", kind: "Deployment", namespace: "shop", name: name}
}

func replicaSet(name string, controller *object) *object {
	return &object{
		apiVersion: "apps/v1", resource: "replicasets", kind: "ReplicaSet", namespace: "shop", name: name,
		controller: controller,
	}
}

// cart is the ReplicaSet of a Deployment.
func cart() *object { return replicaSet("cart-1", deployment("cart")) }

func podOf(o *object, labels ...string) *record.Pod {
	pod := &record.Pod{Name: "pod", Namespace: "shop", UID: "pod"}
	if o != nil {
		pod.Controller = o.ref()
	}
	m := map[string]string{}
	for i := 0; i < len(labels); i += 2 {
		m[labels[i]] = labels[i+1]
	}
	pod.Labels = record.NewLabels(m)
	return pod
}

func newServer(t testing.TB, opts ...apiscript.Option) *apiscript.Server {
	t.Helper()
	srv := apiscript.NewServer(append(opts, apiscript.WithAddress(freeport.Address(t)))...)
	t.Cleanup(srv.Close)
	return srv
}

// finder is a Finder under test with its outcomes and its log.
type finder struct {
	*owner.Finder
	t   testing.TB
	log *logbuffer.Buffer

	mu       sync.Mutex
	outcomes map[string]int
}

// newFinder returns a Finder that is patient, keeps the label and the annotation
// "of", and is closed in the end; change may change that.
func newFinder(t testing.TB, cfg *rest.Config, change ...func(*owner.Settings)) *finder {
	t.Helper()
	f := &finder{t: t, log: new(logbuffer.Buffer), outcomes: map[string]int{}}
	s := owner.Settings{
		Config: cfg, Labels: []string{"of", "other"}, Annotations: []string{"of"}, Timeout: wait.Patience,
		Logger:   slog.New(slog.NewTextHandler(f.log, nil)),
		OnLookup: f.count,
	}
	for _, c := range change {
		c(&s)
	}
	var err error
	if f.Finder, err = owner.New(s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func (f *finder) count(outcome string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outcomes[outcome]++
}

// find looks up the owners of one pod.
func (f *finder) find(pod *record.Pod) string {
	f.t.Helper()
	pod.Owners = nil
	f.Find(f.t.Context(), []*record.Pod{pod})
	return describe(pod.Owners)
}

func (f *finder) want(pod *record.Pod, want string) {
	f.t.Helper()
	if got := f.find(pod); got != want {
		f.t.Errorf("got %s, want %s", got, want)
	}
}

func (f *finder) wantOutcomes(want map[string]int) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.outcomes); diff != "" {
		f.t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// wantLog wants the lines of the log to hold these texts, one each.
func (f *finder) wantLog(want ...string) {
	f.t.Helper()
	got := f.log.Lines()
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && strings.Contains(got[i], want[i])
	}
	if !ok {
		f.t.Errorf("the log has %d lines:\n%s\nwant %q", len(got), strings.Join(got, "\n"), want)
	}
}

// describe returns a chain as a line, with the keys of the labels and annotations of
// its owners in brackets.
func describe(c *record.OwnerChain) string {
	if c == nil {
		return "nil"
	}
	var parts []string
	for _, o := range c.Owners {
		s := o.Kind + " " + o.Name
		if len(o.Labels) > 0 || len(o.Annotations) > 0 {
			s += fmt.Sprintf(" %v%v", slices.Sorted(maps.Keys(o.Labels)), slices.Sorted(maps.Keys(o.Annotations)))
		}
		if l := o.Labels; l != nil && l["of"] != o.Kind {
			s += " with labels of another"
		}
		parts = append(parts, s)
	}
	if c.Pending {
		parts = append(parts, "pending")
	}
	return strings.Join(parts, ", ")
}

// gets returns the paths of the requests so far, as they were made.
func gets(srv *apiscript.Server) []string {
	var paths []string
	for _, r := range srv.Requests() {
		paths = append(paths, r.Path)
	}
	return paths
}

func wantGets(t *testing.T, srv *apiscript.Server, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, gets(srv), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// api gives a test's answers without a network, so that time can be the test's too.
type api struct {
	mu       sync.Mutex
	answer   func(path string) (status int, body string)
	requests int
}

func newAPI(answer func(path string) (status int, body string)) *api { return &api{answer: answer} }

// always gives every request the same answer.
func always(status int, body string) func(string) (int, string) {
	return func(string) (int, string) { return status, body }
}

func (a *api) config() *rest.Config {
	return &rest.Config{Host: "http://api.invalid", Transport: a}
}

func (a *api) set(answer func(path string) (status int, body string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

func (a *api) wantRequests(t *testing.T, want int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.requests != want {
		t.Errorf("%d requests, want %d", a.requests, want)
	}
}

// RoundTrip implements [http.RoundTripper].
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.requests++
	answer := a.answer
	a.mu.Unlock()
	status, body := answer(r.URL.Path)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}
