package config

import (
	"errors"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

// envMetrics is the standard variable that names the exporters of metrics.
const envMetrics = "OTEL_METRICS_EXPORTER"

// setMetricsExporter applies envMetrics. It does not affect the page for Prometheus,
// which telemetry.listen configures.
func (c *Config) setMetricsExporter(lookup Lookup) {
	value, _ := lookup(envMetrics)
	if value == "" {
		return
	}
	c.Telemetry.OTLP = false
	for name := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(name) == "otlp" {
			c.Telemetry.OTLP = true
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
