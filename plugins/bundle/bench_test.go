package bundle

import (
	"context"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// benchPod is a pod of a Helm release as it reaches the plugin.
func benchPod() *enricher.Pod {
	release := map[string]string{"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "prod"}
	labels := map[string]string{
		"app.kubernetes.io/instance": "shop", "app.kubernetes.io/name": "web",
		"app.kubernetes.io/version": "7.0", "helm.sh/chart": "shop-1.2.3", "pod-template-hash": "64d8cc85cd",
	}
	return &enricher.Pod{
		Name: "web-64d8cc85cd-th2g8", Namespace: "prod", Uid: "3ba7b5a0-fd6c-4b8d-9c14-8a8e53c0a1f2", Labels: labels,
		Owners: []*enricher.Owner{
			{ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-64d8cc85cd", Labels: labels, Annotations: release},
			{ApiVersion: "apps/v1", Kind: "Deployment", Name: "web", Labels: labels, Annotations: release},
		},
	}
}

// BenchmarkEnrich enriches a batch of 100 records, as the plugin's server does; ns and
// allocations are per record.
func BenchmarkEnrich(b *testing.B) {
	h := newHost(b, "{}")
	request := &enrichv1.EnrichRequest{}
	for range 100 {
		request.Records = append(request.Records, &enrichv1.Record{Pod: h.filter(benchPod())})
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(request.Records) {
		if _, err := h.server.Enrich(context.Background(), request); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFind measures the plugin's own part of that.
func BenchmarkFind(b *testing.B) {
	bare := benchPod()
	bare.Labels = map[string]string{"pod-template-hash": "64d8cc85cd"}
	bare.Owners = []*enricher.Owner{{Kind: "ReplicaSet", Name: "web-64d8cc85cd"}, {Kind: "Deployment", Name: "web"}}
	app := benchPod()
	for _, o := range app.Owners {
		o.Annotations = nil
	}
	f := newFinder(Config{})
	for name, pod := range map[string]*enricher.Pod{"helm": benchPod(), "app": app, "none": bare} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.find(pod)
			}
		})
	}
}
