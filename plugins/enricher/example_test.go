package enricher_test

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// team is a plugin that adds the team of a namespace.
type team struct {
	Fallback string            `json:"fallback"`
	Teams    map[string]string `json:"teams"` // by namespace
}

func (*team) Describe() enricher.Description {
	return enricher.Description{Name: "team", Version: "1.0.0"}
}

func (t *team) Configure(config []byte) error { return enricher.Decode(config, t) }

func (t *team) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	p.SetString("name", cmp.Or(t.Teams[r.GetPod().GetNamespace()], t.Fallback))
	return nil
}

// A test calls a plugin in its own process as the host would: Configure, then Enrich with
// a batch of records.
func ExampleNewServer() {
	ctx, server := context.Background(), enricher.NewServer(&team{})
	config := `{"fallback": "platform", "teams": {"shop": "checkout"}}`
	if _, err := server.Configure(ctx, &enrichv1.ConfigureRequest{ConfigJson: config}); err != nil {
		fmt.Println(err)
		return
	}
	answer, err := server.Enrich(ctx, &enrichv1.EnrichRequest{Records: []*enricher.Record{
		{Pod: &enricher.Pod{Namespace: "shop", Name: "cart-0"}},
		{Pod: &enricher.Pod{Namespace: "kube-system", Name: "coredns-0"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, patch := range answer.GetPatches() {
		for _, a := range patch.GetAttributes() {
			fmt.Println(a.GetKey(), a.GetStringValue())
		}
	}
	// Output:
	// team.name checkout
	// team.name platform
}

// An error of Decode names the key that is wrong, and prevents the host's start.
func ExampleDecode() {
	var t team
	fmt.Println(enricher.Decode([]byte(`{"fallbak": "platform"}`), &t))
	fmt.Println(enricher.Decode([]byte(`{"teams": ["shop"]}`), &t))
	// Output:
	// unknown key fallbak (known keys: fallback, teams)
	// teams: want keys and values, got a list
}
