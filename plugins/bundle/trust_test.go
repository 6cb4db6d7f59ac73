package bundle

import (
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

const foreignTrace = "00-f055257ebf3d05d228f6c73dd6fa2e18-00f067aa0ba902b7-01" // that of helm/shop/cart 2.4.0

// hostilePods are pods of the namespace evil that claim bundles and the trace of others,
// each with the id that it claims.
func hostilePods() map[string]*enricher.Pod {
	labels := func(p *enricher.Pod, kv ...string) { p.Labels = pairs(kv) }
	annotations := func(p *enricher.Pod, kv ...string) { p.Annotations = pairs(kv) }
	pods := map[string]*enricher.Pod{}
	add := func(id string, set func(p *enricher.Pod)) {
		p := &enricher.Pod{Name: "evil-1", Namespace: "evil", Uid: "u"}
		set(p)
		pods[id] = p
	}
	add("helm/shop/cart", func(p *enricher.Pod) {
		annotations(p, "meta.helm.sh/release-name", "cart", "meta.helm.sh/release-namespace", "shop")
		labels(p, "helm.sh/chart", "cart-2.4.0")
	})
	add("argocd/payments", func(p *enricher.Pod) {
		annotations(p, "argocd.argoproj.io/tracking-id", "payments:/Pod:evil/evil-1")
	})
	add("argocd/shop/payments", func(p *enricher.Pod) {
		annotations(p, "argocd.argoproj.io/tracking-id", "shop_payments:/Pod:evil/evil-1")
	})
	add("flux/Kustomization/flux-system/infra", func(p *enricher.Pod) {
		labels(p, "kustomize.toolkit.fluxcd.io/name", "infra", "kustomize.toolkit.fluxcd.io/namespace", "flux-system")
		annotations(p, "traceparent", foreignTrace)
	})
	add("fleet/gitrepo/fleet-default/infra", func(p *enricher.Pod) {
		labels(p, "fleet.cattle.io/managed-by-name", "infra", "fleet.cattle.io/managed-by-kind", "gitrepo",
			"fleet.cattle.io/managed-by-namespace", "fleet-default")
	})
	add("kapp/1611", func(p *enricher.Pod) { labels(p, "kapp.k14s.io/app", "1611") })
	add("olm/operators/etcd", func(p *enricher.Pod) {
		labels(p, olmOwner, "etcd.v1.2.3", olmOwnerKind, "ClusterServiceVersion", olmOwnerNamespace, "operators")
	})
	add("kubevela/prod/shop", func(p *enricher.Pod) {
		labels(p, "app.oam.dev/name", "shop", "app.oam.dev/namespace", "prod")
	})
	// On its own Deployment, a tenant can claim as much.
	add("helm/shop/web", func(p *enricher.Pod) {
		p.Owners = []*enricher.Owner{{Kind: "Deployment", Annotations: pairs([]string{
			"meta.helm.sh/release-name", "web", "meta.helm.sh/release-namespace", "shop",
		})}}
	})
	return pods
}

func pairs(kv []string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

// TestHostileClaims: a claim is marked as such, or refused. The claims of a pod beside
// it, about its own namespace, are not affected.
func TestHostileClaims(t *testing.T) {
	accepting, refusing := newFinder(Config{}), newFinder(Config{OtherNamespaces: refuse, TraceAnnotations: refuse})
	for id, pod := range hostilePods() {
		if b, _ := accepting.find(pod); b.id != id || b.verified {
			t.Errorf("%s: accepted: got %+v, want it unverified", id, b)
		}
		if b, trace := refusing.find(pod); b.id != "" || trace != "" {
			t.Errorf("%s: refused: got %+v, trace %q", id, b, trace)
		}
		if pod.Labels == nil {
			pod.Labels = map[string]string{}
		}
		pod.Labels["app.kubernetes.io/instance"] = "mine"
		b, trace := refusing.find(pod)
		if b.id != "app/evil/mine" || !b.verified || trace != deriveTrace(b.id, b.version, "u") {
			t.Errorf("%s: refused: got %+v, trace %q, want the pod's own bundle", id, b, trace)
		}
	}
}

// TestVerified: bundles of the pod's own namespace are verified, whatever names them.
func TestVerified(t *testing.T) {
	for _, f := range []*finder{
		newFinder(Config{}), newFinder(Config{OtherNamespaces: refuse, TraceAnnotations: refuse}),
	} {
		for id, pod := range map[string]*enricher.Pod{
			"custom/shop/a/b": {Labels: pairs([]string{"bundle", "a/b"})},
			"helm/shop/cart": {Annotations: pairs([]string{
				"meta.helm.sh/release-name", "cart", "meta.helm.sh/release-namespace", "shop",
			})},
			"flux/Kustomization/shop/a": {Labels: pairs([]string{"kustomize.toolkit.fluxcd.io/name", "a"})},
			"keptn/shop/a":              {Labels: pairs([]string{"keptn.sh/app", "a"})},
			"werf/shop/a/prod": {Annotations: pairs([]string{
				"project.werf.io/name", "a", "project.werf.io/env", "prod",
			})},
			"argocd/shop/a": {Labels: pairs([]string{"argocd.argoproj.io/instance", "shop_a"})},
		} {
			pod.Namespace = "shop"
			if b, _ := f.find(pod); b.id != id || !b.verified {
				t.Errorf("got %+v, want %s", b, id)
			}
		}
	}
}

// TestProtectedKeys: a mark counts as verified if all of its keys are protected, and a
// trace context if its key is.
func TestProtectedKeys(t *testing.T) {
	pods := hostilePods()
	for _, c := range []struct {
		protected []string
		id        string
		verified  bool
	}{
		{[]string{"argocd.argoproj.io/tracking-id"}, "argocd/payments", true},
		{[]string{"meta.helm.sh/release-name"}, "helm/shop/cart", false},
		{[]string{"meta.helm.sh/release-namespace", "meta.helm.sh/release-name"}, "helm/shop/cart", true},
		{[]string{"meta.helm.sh/release-namespace", "meta.helm.sh/release-name"}, "kapp/1611", false},
	} {
		config := Config{ProtectedKeys: c.protected}
		if b, _ := newFinder(config).find(pods[c.id]); b.verified != c.verified || b.id != c.id {
			t.Errorf("%v: got %+v", c.protected, b)
		}
		config.OtherNamespaces = refuse
		if b, _ := newFinder(config).find(pods[c.id]); (b.id == c.id) != c.verified {
			t.Errorf("%v, refused: got %+v", c.protected, b)
		}
	}
	f := newFinder(Config{TraceAnnotations: refuse, ProtectedKeys: []string{"traceparent"}})
	if _, trace := f.find(pods["flux/Kustomization/flux-system/infra"]); trace != foreignTrace {
		t.Errorf("trace %q, want that in the protected annotation", trace)
	}
}
