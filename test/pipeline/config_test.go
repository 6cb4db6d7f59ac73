//go:build e2e

package pipeline

import "testing"

// TestValid: the Collector takes the configuration as it is, and with every
// variable set.
func TestValid(t *testing.T) {
	run(t, nil, collectorProgram, "validate", "--config", collectorConfig)
	c := newCollector(t, "https://logs.example.org/otlp")
	run(t, c.env, collectorProgram, "validate", "--config", collectorConfig)
}
