package bundle_test

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/pod-status-logger/pod-status-logger/plugins/bundle"
	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// The bundle of a pod follows from its labels and annotations and from those of its owners,
// here those that Helm writes.
func ExampleNew() {
	server := enricher.NewServer(bundle.New("1.0.0"))
	answer, err := server.Enrich(context.Background(), &enrichv1.EnrichRequest{Records: []*enricher.Record{{
		Pod: &enricher.Pod{
			Namespace: "shop", Name: "cart-6d4b75cb6d-x2x7p",
			Labels: map[string]string{"app.kubernetes.io/version": "1.4.2"},
			Owners: []*enricher.Owner{{
				ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "cart-6d4b75cb6d",
			}, {
				ApiVersion: "apps/v1", Kind: "Deployment", Name: "cart",
				Annotations: map[string]string{
					"meta.helm.sh/release-name": "shop-prod", "meta.helm.sh/release-namespace": "shop",
				},
			}},
		},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range answer.GetPatches()[0].GetAttributes() {
		fmt.Println(a.GetKey(), cmp.Or(a.GetStringValue(), strconv.FormatBool(a.GetBoolValue())))
	}
	// Output:
	// bundle.id helm/shop/shop-prod
	// bundle.name shop-prod
	// bundle.version 1.4.2
	// bundle.manager helm
	// bundle.source meta.helm.sh/release-name
	// bundle.verified true
}
