package apiscript_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

func eventResource() apiscript.Resource {
	return apiscript.Resource{
		GroupVersion: corev1.SchemeGroupVersion, Plural: "events", Kind: "Event",
		NewList: func() runtime.Object { return new(corev1.EventList) },
		Fields: func(o apiscript.Object) fields.Set {
			return fields.Set{"reason": o.(*corev1.Event).Reason}
		},
	}
}

func event(name, reason string) *corev1.Event {
	return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Reason: reason}
}

// TestTwoResources holds that each resource has its own objects, history and faults,
// and that they share the resourceVersion.
func TestTwoResources(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		events := apiscript.Serve[*corev1.Event](srv, eventResource())
		srv.Create(pod("shop", "cart"))
		events.Create(event("a", "Killing"))
		events.Create(event("b", "Pulled"))
		c := client(t, srv, contentType)

		var list corev1.EventList
		if err := c.Get().Resource("events").Param("limit", "1").Do(t.Context()).Into(&list); err != nil {
			t.Fatal(err)
		}
		if len(list.Items) != 1 || list.Items[0].Reason != "Killing" || list.ResourceVersion != "1003" ||
			list.Continue == "" {
			t.Errorf("listed %+v", list)
		}
		pods := open(t, c, "", "resourceVersion", "1000")
		pods.want("ADDED shop/cart @1001")
		events.Expire()
		events.EndStreams()
		srv.Update("shop", "cart", touch)
		pods.want("MODIFIED shop/cart @1004")
		wantChanges(t, events.Changes(), "ADDED a @1002", "ADDED b @1003")
		wantChanges(t, srv.Changes(), "ADDED cart @1001", "MODIFIED cart @1004")
	})
}

func wantChanges(t *testing.T, changes []apiscript.Change, want ...string) {
	t.Helper()
	var got []string
	for _, c := range changes {
		got = append(got, fmt.Sprintf("%s %s @%s", c.Type, c.Name, c.ResourceVersion))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestFieldSelector(t *testing.T) {
	for selector, want := range map[string]int{
		"": 3, "reason!=Pulled": 2, "reason=Killing": 1, "reason!=Pulled,metadata.name!=a": 1, "metadata.namespace=bank": 0,
	} {
		t.Run(selector, func(t *testing.T) {
			srv := newServer(t)
			events := apiscript.Serve[*corev1.Event](srv, eventResource())
			for name, reason := range map[string]string{"a": "Killing", "b": "Pulled", "c": "Unhealthy"} {
				events.Create(event(name, reason))
			}
			var list corev1.EventList
			err := client(t, srv, protoType).Get().Resource("events").Param("fieldSelector",
				selector).Do(t.Context()).Into(&list)
			if err != nil || len(list.Items) != want {
				t.Errorf("%d events, error %v, want %d events", len(list.Items), err, want)
			}
		})
	}
}

// TestOwnEtcd holds that objects that are stored apart have resourceVersions of their
// own.
func TestOwnEtcd(t *testing.T) {
	srv := newServer(t)
	r := eventResource()
	r.OwnEtcd = true
	events := apiscript.Serve[*corev1.Event](srv, r)
	srv.Create(pod("shop", "cart"))
	srv.Create(pod("shop", "till"))
	if got := events.Create(event("a", "Killing")).ResourceVersion; got != "1001" || srv.ResourceVersion() != "1002" {
		t.Errorf("the event is at %s, the pods at %s", got, srv.ResourceVersion())
	}
}
