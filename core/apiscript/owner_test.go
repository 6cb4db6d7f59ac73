package apiscript_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

const (
	replicaSetPath = "/apis/apps/v1/namespaces/shop/replicasets/cart-1"
	nodePath       = "/api/v1/nodes/node-17"
	partialObject  = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
)

func withOwners(srv *apiscript.Server) *apiscript.Server {
	srv.SetOwner("apps/v1", "replicasets", owner("ReplicaSet", "shop", "cart-1", "rs"))
	srv.SetOwner("v1", "nodes", owner("Node", "", "node-17", ""))
	return srv
}

func owner(kind, namespace, name string, uid types.UID) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: uid, Labels: map[string]string{"app": "cart"}},
	}
}

// get requests the object at path with client-go.
func get(ctx context.Context, t *testing.T, srv *apiscript.Server, path, accept string, into runtime.Object) error {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	cfg := srv.Config()
	cfg.GroupVersion = &schema.GroupVersion{}
	cfg.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c, err := rest.UnversionedRESTClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Get().RequestURI(path).SetHeader("Accept", accept).MaxRetries(0).Do(ctx).Into(into)
}

func TestOwners(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := withOwners(newServer(t, opts...))
		var rs, node metav1.PartialObjectMetadata
		for path, into := range map[string]*metav1.PartialObjectMetadata{replicaSetPath: &rs, nodePath: &node} {
			if err := get(t.Context(), t, srv, path, contentType+partialObject, into); err != nil {
				t.Fatal(err)
			}
		}
		if rs.Name != "cart-1" || rs.Namespace != "shop" || rs.UID != "rs" || rs.ResourceVersion != "1001" ||
			rs.Labels["app"] != "cart" {
			t.Errorf("the ReplicaSet is %+v", rs.ObjectMeta)
		}
		if node.Name != "node-17" || node.UID == "" {
			t.Errorf("the Node is %+v", node.ObjectMeta)
		}
		srv.DeleteOwner("apps/v1", "replicasets", "shop", "cart-1")
		wantCode(t, get(t.Context(), t, srv, replicaSetPath, contentType+partialObject, &rs), 404,
			metav1.StatusReasonNotFound)
		if got := srv.ResourceVersion(); got != "1003" {
			t.Errorf("the resourceVersion is %s, want 1003", got)
		}
	})
}

// A request for anything but a PartialObjectMetadata gets the object's own kind.
func TestOwnersAsWhatTheyAre(t *testing.T) {
	srv := withOwners(newServer(t))
	for accept, want := range map[string]string{
		jsonType:                 `"kind":"ReplicaSet","apiVersion":"apps/v1"`,
		jsonType + partialObject: `"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1"`,
	} {
		if _, body := raw(t, srv, replicaSetPath, accept); !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, want %s", accept, body, want)
		}
	}
	json := withOwners(newServer(t, apiscript.WithJSONOnly()))
	if resp, _ := raw(t, json, replicaSetPath,
		protoType+partialObject+","+jsonType+partialObject); resp.Header.Get("Content-Type") != jsonType {
		t.Errorf("a server of JSON only answers %s", resp.Header.Get("Content-Type"))
	}
}

func TestDiscovery(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := withOwners(newServer(t, opts...))
		srv.SetOwner("apps/v1", "deployments", owner("Deployment", "shop", "cart", ""))
		srv.DeleteOwner("apps/v1", "deployments", "shop", "cart") // its kind stays
		for path, want := range map[string]string{
			"/apis/apps/v1": "apps/v1 deployments:Deployment:true deployments/status:Deployment:true " +
				"replicasets:ReplicaSet:true replicasets/status:ReplicaSet:true",
			"/api/v1": "v1 nodes:Node:false nodes/status:Node:false",
		} {
			var list metav1.APIResourceList
			if err := get(t.Context(), t, srv, path, contentType, &list); err != nil {
				t.Fatal(err)
			}
			words := []string{list.GroupVersion}
			for _, r := range list.APIResources {
				words = append(words, fmt.Sprintf("%s:%s:%t", r.Name, r.Kind, r.Namespaced))
			}
			if got := strings.Join(words, " "); got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		err := get(t.Context(), t, srv, "/apis/argoproj.io/v1alpha1", contentType, &metav1.APIResourceList{})
		wantCode(t, err, 404, metav1.StatusReasonNotFound)
	})
}

func TestFaultsOfOwners(t *testing.T) {
	srv := withOwners(newServer(t))
	ask := func(path string) error {
		return get(t.Context(), t, srv, path, protoType+partialObject, &metav1.PartialObjectMetadata{})
	}
	srv.ForbidOwners("replicasets", true)
	srv.ForbidOwners("nodes", true)
	srv.FailNext(1, http.StatusGone, 0, "") // is for lists and watches
	for path, want := range map[string]string{
		replicaSetPath: `replicasets.apps "cart-1" is forbidden: User "apiscript" cannot get resource "replicasets" in API group "apps" in the namespace "shop"`,
		nodePath:       `nodes "node-17" is forbidden: User "apiscript" cannot get resource "nodes" in API group "" at the cluster scope`,
	} {
		err := ask(path)
		wantCode(t, err, 403, metav1.StatusReasonForbidden)
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	srv.ForbidOwners("replicasets", false)
	srv.FailOwners(http.StatusServiceUnavailable)
	wantCode(t, ask(replicaSetPath), 503, metav1.StatusReasonServiceUnavailable)
	wantCode(t, ask("/apis/apps/v1"), 503, metav1.StatusReasonServiceUnavailable)
	srv.FailOwners(0)
	if err := ask(replicaSetPath); err != nil {
		t.Errorf("behind the faults: %v", err)
	}
	wantCode(t, request(client(t, srv, jsonType), "").Do(t.Context()).Error(), 410, metav1.StatusReasonExpired)
}

// A late answer comes if the client still waits for it.
func TestLateOwners(t *testing.T) {
	for name, late := range map[string]func(*apiscript.Server){
		"delayed": func(srv *apiscript.Server) { srv.DelayOwners(time.Hour) },
		"hanging": (*apiscript.Server).Hang,
	} {
		t.Run(name, func(t *testing.T) {
			srv := withOwners(newServer(t))
			late(srv)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := get(ctx, t, srv, replicaSetPath, jsonType, &metav1.PartialObjectMetadata{}); !errors.Is(err,
				context.DeadlineExceeded) {
				t.Errorf("got error %v, want one of a deadline", err)
			}
			srv.Resume()
			srv.DelayOwners(time.Millisecond)
			if err := get(t.Context(), t, srv, replicaSetPath, jsonType+partialObject,
				&metav1.PartialObjectMetadata{}); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestGetsAreRecorded(t *testing.T) {
	srv := withOwners(newServer(t))
	for _, path := range []string{replicaSetPath, nodePath, "/apis/apps/v1", "/api/v1/pods"} {
		raw(t, srv, path, jsonType)
	}
	var got []string
	for _, r := range srv.Requests() {
		got = append(got, fmt.Sprintf("%s %q %s", r.Verb, r.Namespace, r.Path))
	}
	want := []string{`get "shop" ` + replicaSetPath, `get "" ` + nodePath, `get "" /apis/apps/v1`, `list "" /api/v1/pods`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestWrongOwnersPanic(t *testing.T) {
	srv := newServer(t)
	for name, wrong := range map[string]func(){
		"no kind":              func() { srv.SetOwner("apps/v1", "replicasets", owner("", "shop", "cart-1", "")) },
		"no name":              func() { srv.SetOwner("apps/v1", "replicasets", owner("ReplicaSet", "shop", "", "")) },
		"no version":           func() { srv.SetOwner("", "nodes", owner("Node", "", "node-17", "")) },
		"too many slashes":     func() { srv.SetOwner("a/b/c", "nodes", owner("Node", "", "node-17", "")) },
		"delete what is not":   func() { srv.DeleteOwner("apps/v1", "replicasets", "shop", "cart-1") },
		"... of no apiVersion": func() { srv.DeleteOwner("", "replicasets", "shop", "cart-1") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			wrong()
		})
	}
	withOwners(srv) // a wrong call holds no lock
}
