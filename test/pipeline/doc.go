// Package pipeline tests otel-collector.yaml with real programs. Records over OTLP and records
// from the logger's container are the same. Acknowledged records are stored, refused ones are
// retried, and a log store accepts them all. It needs no cluster. `make collector-test` runs
// it; its tests have the build tag e2e.
package pipeline
