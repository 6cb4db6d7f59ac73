// Package pipeline proves with real programs that otel-collector.yaml keeps its
// promises: records that come over OTLP and those that are read from the logger's
// container are the same, what is acknowledged is stored, what is refused comes
// again, and a log store takes it all. It needs no cluster. `make collector-test`
// runs it; its tests have the build tag e2e.
package pipeline
