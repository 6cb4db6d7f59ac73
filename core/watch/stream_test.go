package watch_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

func TestFirstStartListsThenWatches(t *testing.T) {
	for name, opts := range map[string][]apiscript.Option{
		"protobuf": nil,
		"json":     {apiscript.WithJSONOnly()},
		"tls":      {apiscript.WithTLS()},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, opts...)
			srv.Create(pod("shop", "cart"))
			srv.Create(pod("bank", "ledger"))
			r := startReader(t, srv, "", watch.Settings{})
			r.reached("1002")
			srv.Create(pod("shop", "till"))
			srv.Update("shop", "cart", func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning })
			srv.Delete("bank", "ledger")
			r.reached("1005")
			r.want(
				"listing @",
				"present bank/ledger @1002",
				"present shop/cart @1001",
				"listed @1002",
				"added shop/till @1003",
				"modified shop/cart @1004",
				"deleted bank/ledger @1005",
			)
			if got := r.seen()[5].Pod().Status.Phase; got != corev1.PodRunning {
				t.Errorf("the pod's phase is %q, want %q", got, corev1.PodRunning)
			}
			if !r.stream.Synced() || r.stream.LastActivity().IsZero() {
				t.Errorf("Synced() = %v, LastActivity() = %v", r.stream.Synced(), r.stream.LastActivity())
			}
		})
	}
}

func TestResumesFromCheckpoint(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	srv.Create(pod("shop", "till"))
	touch(srv, "shop", "cart")
	r := startReader(t, srv, "1001", watch.Settings{})
	r.reached("1003")
	r.want("added shop/till @1002", "modified shop/cart @1003")
	if !r.stream.Synced() {
		t.Error("not synced though the server took the checkpoint")
	}
}
