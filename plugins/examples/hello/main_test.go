package main

import (
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func TestConformance(t *testing.T) {
	enrichertest.Test(t, func() enricher.Enricher { return hello{} }, enrichertest.Options{})
}

func TestGreeting(t *testing.T) {
	answer, err := enricher.NewServer(hello{}).Enrich(t.Context(), &enrichv1.EnrichRequest{
		Records: []*enrichv1.Record{{Pod: &enrichv1.Pod{Name: "web-0"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	kvs := answer.GetPatches()[0].KeyValues()
	if len(kvs) != 1 || kvs[0].Key != "hello.greeting" || kvs[0].Value.AsString() != "hello web-0" {
		t.Errorf("got %v, want hello.greeting=hello web-0", kvs)
	}
}
