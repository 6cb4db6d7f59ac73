package watch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/podwire"
	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// deployments are decoded whole, by their generated code.
func deployments() watch.Resource {
	return watch.Resource{
		GroupVersion: appsv1.SchemeGroupVersion, Plural: "deployments", Kind: "Deployment",
		NewDecoder: func() watch.Decoder { return deploymentDecoder{} },
	}
}

type deploymentDecoder struct{}

func (deploymentDecoder) New() watch.Object { return new(appsv1.Deployment) }

func (deploymentDecoder) Decode(message []byte, into watch.Object) error {
	d := into.(*appsv1.Deployment)
	d.Reset()
	return d.Unmarshal(message)
}

func (deploymentDecoder) Convert(object runtime.Object) (watch.Object, bool) {
	d, ok := object.(*appsv1.Deployment)
	return d, ok
}

// event has the fields of an Event that one might need.
type event struct {
	metav1.ObjectMeta
	reason string
}

func events() watch.Resource {
	return watch.Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "events", Kind: "Event",
		NewDecoder: func() watch.Decoder { return &eventDecoder{wire.NewStrings()} },
	}
}

type eventDecoder struct{ strings *wire.Strings }

func (*eventDecoder) New() watch.Object { return new(event) }

func (d *eventDecoder) Decode(message []byte, into watch.Object) error {
	e := into.(*event)
	*e = event{}
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case 1:
			if err := e.Unmarshal(r.Bytes()); err != nil {
				return err
			}
		case 3:
			e.reason = d.strings.Intern(r.Bytes())
		}
	}
	if !r.OK() {
		return errors.New("damaged event")
	}
	return nil
}

func (*eventDecoder) Convert(object runtime.Object) (watch.Object, bool) {
	e, ok := object.(*corev1.Event)
	if !ok {
		return nil, false
	}
	return &event{e.ObjectMeta, e.Reason}, true
}

func serveDeployments(srv *apiscript.Server) *apiscript.Objects[*appsv1.Deployment] {
	return apiscript.Serve[*appsv1.Deployment](srv, apiscript.Resource{
		GroupVersion: appsv1.SchemeGroupVersion, Plural: "deployments", Kind: "Deployment",
		NewList: func() runtime.Object { return new(appsv1.DeploymentList) },
	})
}

func serveEvents(srv *apiscript.Server) *apiscript.Objects[*corev1.Event] {
	return apiscript.Serve[*corev1.Event](srv, apiscript.Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "events", Kind: "Event",
		NewList: func() runtime.Object { return new(corev1.EventList) },
		Fields:  func(o apiscript.Object) fields.Set { return fields.Set{"reason": o.(*corev1.Event).Reason} },
		OwnEtcd: true,
	})
}

func deployment(name string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
}

func scale(d *appsv1.Deployment) { d.Status.Replicas++ }

func newEvent(name, reason string) *corev1.Event {
	return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Reason: reason}
}

// TestOtherResource takes a stream of another API group through a list, changes, a
// lost connection, a lost history and a restart.
func TestOtherResource(t *testing.T) {
	for name, paged := range map[string]bool{"streaming list": false, "pages": true} {
		t.Run(name, inBoth(func(t *testing.T, opts ...apiscript.Option) {
			srv := newServer(t, opts...)
			all := serveDeployments(srv)
			all.RefuseStreamingLists(paged)
			for _, name := range []string{"cart", "till", "mill"} {
				all.Create(deployment(name))
			}
			srv.Create(pod("shop", "of-no-interest"))
			r := startReader(t, srv, "", watch.Settings{Resource: deployments(), PageSize: 2})
			r.reached("1004")
			all.Update("shop", "cart", scale)
			r.reached("1005")
			all.CutStreams()
			all.Delete("shop", "till")
			r.reached("1006")
			srv.Down()
			all.Update("shop", "cart", scale)
			if err := srv.Up(); err != nil {
				t.Fatal(err)
			}
			r.reached("1007")
			r.want(
				"listing @", "present shop/cart @1001", "present shop/mill @1003", "present shop/till @1002", "listed @1004",
				"modified shop/cart @1005", "deleted shop/till @1006",
				"listing @1006", "present shop/cart @1007", "present shop/mill @1003", "listed @1007",
			)
			for _, ev := range r.seen() {
				if ev.Resource != "deployments.apps" || ev.Pod() != nil {
					t.Errorf("event %s is of %s, a pod: %t", line(ev), ev.Resource, ev.Pod() != nil)
				}
				if d, ok := ev.Object.(*appsv1.Deployment); ok && ev.ResourceVersion == "1007" && d.Status.Replicas != 2 {
					t.Errorf("event %s has %d replicas, want 2", line(ev), d.Status.Replicas)
				}
			}
			r.until("the gap", func([]watch.Event, []string) bool { return len(r.gaps) == 1 })
			for _, want := range []string{
				`msg="deployments.apps listed" namespace="" from="" to=1004 deployments=3 resource=deployments.apps`,
				`level=WARN msg="watch history was gone, the full list was compared" namespace="" from=1006 to=1007 deployments=2 resource=deployments.apps`,
				`msg="events were missed, reading the full list" reason=expired namespace="" resource=deployments.apps`,
			} {
				if !strings.Contains(r.log.String(), want) {
					t.Errorf("the log lacks %s:\n%s", want, r.log)
				}
			}
			r.stop()

			all.Update("shop", "mill", scale)
			var asked []string
			known := func(o watch.Object) bool {
				asked = append(asked, o.(*appsv1.Deployment).Name)
				return true
			}
			again := startReader(t, srv, "1007", watch.Settings{Resource: deployments(), Known: known})
			again.reached("1008")
			again.want("modified shop/mill @1008")
			again.stop()
			if diff := cmp.Diff([]string{"cart"}, asked); diff != "" {
				t.Errorf("known was asked about (-want +got):\n%s", diff)
			}
		}))
	}
}

// TestFieldSelector takes a stream of Events, which a selector narrows, through a
// list and changes, with a decoder that reads some fields only.
func TestFieldSelector(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		all := serveEvents(srv)
		all.Create(newEvent("a", "Killing"))
		all.Create(newEvent("b", "Pulled"))
		r := startReader(t, srv, "", watch.Settings{Resource: events(), FieldSelector: "reason!=Pulled,reason!=Created"})
		r.reached("1002")
		all.Create(newEvent("c", "Created"))
		all.Create(newEvent("d", "Unhealthy"))
		r.reached("1004")
		all.Delete("shop", "a")
		r.reached("1005")
		all.Bookmark()
		r.want("listing @", "present shop/a @1001", "listed @1002", "added shop/d @1004", "deleted shop/a @1005")
		if got := r.seen()[3].Object.(*event).reason; got != "Unhealthy" {
			t.Errorf("reason %q, want Unhealthy", got)
		}
	})(t)
}

// TestOtherResourceIsDenied holds that the texts for administrators name the resource
// and its group.
func TestOtherResourceIsDenied(t *testing.T) {
	srv := newServer(t)
	all := serveDeployments(srv)
	all.FailNext(20, http.StatusForbidden, 0, "")
	r := startReader(t, srv, "", watch.Settings{Resource: deployments(), Namespace: "shop"})
	const want = "may not watch deployments.apps in namespace shop"
	wait.Until(t, "it to be seen", func() bool { return r.stream.Denied() == want })
	r.reached("1000")
	rule := `allow it with a Role in namespace shop: {apiGroups: [apps], resources: [deployments], verbs: [list, watch]}`
	if !strings.Contains(r.log.String(), want) || !strings.Contains(r.log.String(), rule) ||
		!strings.Contains(r.log.String(), "resource=deployments.apps") {
		t.Errorf("the log lacks %q or %q:\n%s", want, rule, r.log)
	}
}

// TestOneChannel holds that streams of several resources can share a client and a
// channel, each with its own checkpoint: that of Events may be of another etcd.
func TestOneChannel(t *testing.T) {
	srv := newServer(t)
	all := serveEvents(srv)
	srv.Create(pod("shop", "cart"))
	client, err := watch.NewClient(srv.Config())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan watch.Event)
	var running sync.WaitGroup
	for _, r := range []watch.Resource{watch.Pods(), events()} {
		s := watch.New(fast(watch.Settings{Client: client, Resource: r}))
		running.Go(func() { _ = s.Run(ctx, "", out) })
	}
	checkpoints := map[string]string{}
	reach := func(resource, version string) {
		t.Helper()
		for checkpoints[resource] != version {
			ev := <-out
			checkpoints[ev.Resource] = ev.ResourceVersion
			if ev.Object == nil {
				continue
			}
			_, isEvent := ev.Object.(*event)
			_, isPod := ev.Object.(*podwire.Pod)
			if isEvent != (ev.Resource == "events") || isPod != (ev.Resource == "pods") {
				t.Errorf("an event of %s has a %T", ev.Resource, ev.Object)
			}
			ev.Release()
		}
	}
	reach("pods", "1001")
	for i := range 50 {
		all.Create(newEvent(fmt.Sprintf("e%d", i), "Killing"))
	}
	reach("events", "1050")
	touch(srv, "shop", "cart")
	reach("pods", "1002")
	cancel()
	running.Wait()
}
