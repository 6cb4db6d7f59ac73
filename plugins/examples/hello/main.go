// Hello is a minimal plugin: it greets the pod of every record. docs/plugins.md builds it in a
// folder of its own.
package main

import (
	"context"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

type hello struct{}

func (hello) Describe() enricher.Description {
	return enricher.Description{Name: "hello", Version: "1.0.0"}
}

func (hello) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	p.SetString("greeting", "hello "+r.GetPod().GetName())
	return nil
}

func main() { enricher.Serve(hello{}) }
