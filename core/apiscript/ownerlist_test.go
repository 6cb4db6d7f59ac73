package apiscript_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

const partialList = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

func TestOwnerLists(t *testing.T) {
	media(t, func(t *testing.T, contentType string, opts ...apiscript.Option) {
		srv := withOwners(newServer(t, opts...))
		for i := range 4 {
			srv.SetOwner("apps/v1", "replicasets", owner("ReplicaSet", []string{"bank", "shop"}[i%2], fmt.Sprint("rs-", i), ""))
		}
		srv.DeleteOwner("apps/v1", "replicasets", "bank", "rs-2")
		for path, want := range map[string][]string{
			"/apis/apps/v1/replicasets":                 {"bank/rs-0", "shop/cart-1", "|", "shop/rs-1", "shop/rs-3"},
			"/apis/apps/v1/namespaces/shop/replicasets": {"shop/cart-1", "shop/rs-1", "|", "shop/rs-3"},
			"/api/v1/nodes":                             {"/node-17"},
		} {
			var got []string
			for next := ""; ; got = append(got, "|") {
				var list metav1.PartialObjectMetadataList
				if err := get(t.Context(), t, srv, path+"?limit=2&continue="+next, contentType+partialList, &list); err != nil {
					t.Fatal(err)
				}
				for i := range list.Items {
					got = append(got, list.Items[i].Namespace+"/"+list.Items[i].Name)
				}
				if next = list.Continue; next == "" {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		verbs := map[string]int{}
		for _, r := range srv.Requests() {
			verbs[r.Verb]++
		}
		if diff := cmp.Diff(map[string]int{"list": 5}, verbs); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestOwnerListsFail(t *testing.T) {
	srv := withOwners(newServer(t))
	list := func(resource string) error {
		return get(t.Context(), t, srv, "/apis/apps/v1/"+resource, protoType+partialList,
			new(metav1.PartialObjectMetadataList))
	}
	wantCode(t, list("boats"), 404, metav1.StatusReasonNotFound)
	srv.ForbidOwnerLists("replicasets", true)
	wantCode(t, list("replicasets"), 403, metav1.StatusReasonForbidden)
	if err := get(t.Context(), t, srv, replicaSetPath, protoType+partialObject,
		new(metav1.PartialObjectMetadata)); err != nil {
		t.Errorf("gets fail: %v", err)
	}
	srv.ForbidOwnerLists("replicasets", false)
	srv.FailOwners(http.StatusTooManyRequests)
	wantCode(t, list("replicasets"), 429, metav1.StatusReasonTooManyRequests)
	srv.FailOwners(0)
	if err := list("replicasets"); err != nil ||
		!slices.ContainsFunc(srv.Requests(), func(r apiscript.Request) bool { return r.Verb == "list" }) {
		t.Error(err)
	}
}
