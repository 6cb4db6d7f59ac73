package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

// envMetrics is the standard variable that says where metrics go.
const envMetrics = "OTEL_METRICS_EXPORTER"

// heedMetrics takes over what envMetrics says. Whether there is a page for
// Prometheus is up to telemetry.listen. Whoever sets the variable for all programs
// of a cluster may not know this one: what it can't do is no reason not to run.
func (c *Config) heedMetrics(lookup func(string) (string, bool)) {
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

// MetricsByStandard reports whether envMetrics says where metrics go.
func MetricsByStandard(lookup func(string) (string, bool)) bool { return IsSet(lookup, envMetrics) }

// checkExporters names what envMetrics has that nobody knows.
func checkExporters(lookup func(string) (string, bool)) (err error) {
	value, _ := lookup(envMetrics)
	if value == "" {
		return nil
	}
	for name := range strings.SplitSeq(value, ",") {
		if !slices.Contains([]string{"otlp", "prometheus", "none"}, strings.TrimSpace(name)) {
			err = fmt.Errorf("%s: %q is not one of otlp, prometheus, none", envMetrics, name)
		}
	}
	return err
}

// Receiver is what the configuration says about the OTLP receiver.
func (c *Config) Receiver() otlp.Config {
	return otlp.Config{Endpoint: c.OTLP.Endpoint, Protocol: c.OTLP.Protocol}
}

// MetricsReceiver returns where metrics are to be sent. It is where records go,
// unless the standard variables for metrics name another one.
func (c *Config) MetricsReceiver(lookup func(string) (string, bool)) (otlp.Settings, error) {
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
		err = errors.New("telemetry.otlp: metrics are to be sent over OTLP, but no receiver is named; " +
			"otlp.endpoint, OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_METRICS_ENDPOINT do")
	}
	return s, err
}
