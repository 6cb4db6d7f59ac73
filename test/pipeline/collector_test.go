//go:build e2e

package pipeline

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
)

// collector is a real Collector with otel-collector.yaml, whose storage outlives its runs.
type collector struct {
	*process
	t         *testing.T
	address   string // of OTLP over gRPC
	health    string
	files     string // folder with the log files of the logger's container
	env, args []string
}

// noteAfterTaking makes the file log receiver store its position after the queue has accepted
// the lines, rather than before.
const noteAfterTaking = "--feature-gates=stanza.synchronousLogEmitter"

// impatient makes the Collector retry after a second instead of half a minute.
const impatient = "yaml:exporters::otlp_http::retry_on_failure: {initial_interval: 100ms, max_interval: 1s}"

// mute disables the metrics port, because many Collectors run at the same time.
const mute = "yaml:service::telemetry::metrics::level: none"

// newCollector returns a Collector that is not started yet and sends to the endpoint.
func newCollector(t *testing.T, endpoint string) *collector {
	t.Helper()
	dir := t.TempDir()
	c := &collector{t: t, address: freeport.Address(t), health: freeport.Address(t), files: filepath.Join(dir, "pods")}
	c.args = []string{"--config", collectorConfig, noteAfterTaking, "--config", impatient, "--config", mute}
	c.env = []string{
		"PODSTATUS_OTLP_GRPC=" + c.address,
		"PODSTATUS_OTLP_HTTP=" + freeport.Address(t),
		"PODSTATUS_HEALTH=" + c.health,
		"PODSTATUS_LOGS_ENDPOINT=" + endpoint,
		"PODSTATUS_STORAGE=" + filepath.Join(dir, "storage"),
		// Like the default, under another root.
		"PODSTATUS_STDOUT_FILES=" + filepath.Join(c.files, "*_*pod-status-logger-*/pod-status-logger/*.log"),
		"PODSTATUS_PLUGINS=bundle|typed",
	}
	return c
}

// start starts the Collector, with further configuration if given, and returns when it is
// ready.
func (c *collector) start(configuration ...string) {
	c.t.Helper()
	args := slices.Clone(c.args)
	for _, more := range configuration {
		args = append(args, "--config", more)
	}
	c.process = start(c.t, c.env, collectorProgram, args...)
	c.AwaitOK(c.t, "http://"+c.health)
}

// container is the log file of the logger's container, at the kubelet's path.
func (c *collector) container() string {
	return filepath.Join(c.files,
		"monitoring_pods-pod-status-logger-0_7d9c6a0e-5f0e-4c53-9c11-8a4f4b1d2f6e/pod-status-logger/0.log")
}

// otlp are the variables with which a logger sends to the Collector.
func (c *collector) otlp() []string {
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + c.address}
}
