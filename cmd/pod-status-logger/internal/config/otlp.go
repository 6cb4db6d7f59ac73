package config

import (
	"errors"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

// The standard variables that name the exporters of metrics and traces.
const (
	envMetrics = "OTEL_METRICS_EXPORTER"
	envTraces  = "OTEL_TRACES_EXPORTER"
)

// setExporters applies envMetrics and envTraces. The first does not affect the page for
// Prometheus, which telemetry.listen configures.
func (c *Config) setExporters(lookup Lookup) {
	setExporter(&c.Telemetry.OTLP, envMetrics, lookup)
	setExporter(&c.OTLP.Traces, envTraces, lookup)
}

func setExporter(on *bool, variable string, lookup Lookup) {
	value, _ := lookup(variable)
	if value == "" {
		return
	}
	*on = false
	for name := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(name) == "otlp" {
			*on = true
		}
	}
}

// MetricsByStandard reports whether envMetrics is set. It is often set for all
// programs of a cluster: that this one can't satisfy it should not prevent a run.
func MetricsByStandard(lookup Lookup) bool { return IsSet(lookup, envMetrics) }

// checkExporters rejects unknown exporters in envMetrics.
func checkExporters(lookup Lookup) error {
	value, _ := lookup(envMetrics)
	if value == "" {
		return nil
	}
	for name := range strings.SplitSeq(value, ",") {
		if err := oneOf(envMetrics, strings.TrimSpace(name), "otlp", "prometheus", "none"); err != nil {
			return err
		}
	}
	return nil
}

// TracesByStandard reports whether envTraces is set, likewise.
func TracesByStandard(lookup Lookup) bool { return IsSet(lookup, envTraces) }

// TracesReceiver returns the receiver of spans: that of records, unless the standard
// variables for traces name another one.
func (c *Config) TracesReceiver(lookup Lookup) (otlp.Settings, error) {
	if !c.OTLP.Traces {
		return otlp.Settings{}, nil
	}
	receiver := c.Receiver()
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
		receiver.Endpoint = ""
	}
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") {
		receiver.Protocol = ""
	}
	s, err := otlp.SettingsFromEnv(otlp.Traces, receiver, lookup)
	if err == nil && !s.Enabled {
		err = errors.New("otlp.traces: no OTLP receiver for spans is configured; set " +
			"otlp.endpoint, OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	}
	return s, err
}

// Receiver returns the configured OTLP receiver.
func (c *Config) Receiver() otlp.Config {
	return otlp.Config{Endpoint: c.OTLP.Endpoint, Protocol: c.OTLP.Protocol}
}

// MetricsReceiver returns the receiver of metrics: that of records, unless the
// standard variables for metrics name another one.
func (c *Config) MetricsReceiver(lookup Lookup) (otlp.Settings, error) {
	if !c.Telemetry.OTLP {
		return otlp.Settings{}, checkExporters(lookup)
	}
	receiver := c.Receiver()
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") {
		receiver.Endpoint = ""
	}
	if IsSet(lookup, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL") {
		receiver.Protocol = ""
	}
	s, err := otlp.SettingsFromEnv(otlp.Metrics, receiver, lookup)
	if err == nil && !s.Enabled {
		err = errors.New("telemetry.otlp: no OTLP receiver for metrics is configured; set " +
			"otlp.endpoint, OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
	}
	return s, err
}
