//go:build e2e

package pipeline

import "testing"

// TestValid checks that the Collector accepts the configuration, without and with all
// variables.
func TestValid(t *testing.T) {
	run(t, nil, collectorProgram, "validate", "--config", collectorConfig)
	c := newCollector(t, "https://logs.example.org/otlp")
	run(t, c.env, collectorProgram, "validate", "--config", collectorConfig)
}
