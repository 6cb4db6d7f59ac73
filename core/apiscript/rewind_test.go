package apiscript_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A rewound server has no objects and no history, continues from the given
// resourceVersion, and is silent about its future.
func TestRewind(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	srv.Create(pod("shop", "till"))
	c := client(t, srv, protoType)
	before := open(t, c, "", "resourceVersion", "1001")
	before.want("ADDED shop/till @1002")
	srv.Rewind(900)
	before.want("end")
	if n := len(srv.All()) + len(srv.Changes()); n != 0 || srv.ResourceVersion() != "900" {
		t.Errorf("%d pods and changes are left, at %s", n, srv.ResourceVersion())
	}
	srv.Create(pod("bank", "ledger"))
	old := open(t, c, "", "resourceVersion", "899")
	old.want("ERROR 410 Expired", "end")
	now := open(t, c, "", "resourceVersion", "900")
	now.want("ADDED bank/ledger @901")
	future := open(t, c, "", "resourceVersion", "902", "allowWatchBookmarks", "true")
	srv.Bookmark()
	srv.Update("bank", "ledger", touch)
	srv.Update("bank", "ledger", touch)
	future.want("MODIFIED bank/ledger @902", "MODIFIED bank/ledger @903")
	list := open(t, c, "", "sendInitialEvents", "true", "resourceVersionMatch", "NotOlderThan", "allowWatchBookmarks",
		"true")
	list.want("ADDED bank/ledger @903", "BOOKMARK / @903 end of list")
}

func TestListsForbiddenOrHanging(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	c := client(t, srv, protoType)
	srv.ForbidLists(true)
	srv.FailNext(1, http.StatusTeapot, 0, "Teapot") // is not the list's
	wantCode(t, request(c, "").Do(t.Context()).Error(), http.StatusForbidden, metav1.StatusReasonForbidden)
	srv.ForbidLists(false)
	wantCode(t, request(c, "").Do(t.Context()).Error(), http.StatusTeapot, "Teapot")

	srv.HangLists(true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := request(c, "").Do(ctx).Error(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the list returned %v", err)
	}
	open(t, c, "", "resourceVersion", "1000").want("ADDED shop/cart @1001")
	srv.HangLists(false)
	if err := request(c, "").Do(t.Context()).Error(); err != nil {
		t.Error(err)
	}
}
