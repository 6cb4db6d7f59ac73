package otlp

import (
	"net/url"
	"strings"
)

// Signal is a kind of telemetry, by its name in OTLP's paths and variables. A
// [Sender] sends the items of any signal in the same way: they are bytes to it.
type Signal string

// The signals that there are settings for.
const (
	Logs    Signal = "logs"
	Traces  Signal = "traces"
	Metrics Signal = "metrics"
)

// items returns the name of the signal's items, for log lines.
func (s Signal) items() string {
	switch s {
	case Traces:
		return "spans"
	case Metrics:
		return "data points"
	case Logs:
	}
	return "records"
}

// item returns the singular of items.
func (s Signal) item() string { return strings.TrimSuffix(s.items(), "s") }

// method returns the full name of the gRPC method.
func (s Signal) method() string {
	const prefix, method = "/opentelemetry.proto.collector.", "/Export"
	switch s {
	case Traces:
		return prefix + "trace.v1.TraceService" + method
	case Metrics:
		return prefix + "metrics.v1.MetricsService" + method
	case Logs:
	}
	return prefix + "logs.v1.LogsService" + method
}

// at returns the URL to post to, if base is that of all signals.
func (s Signal) at(base *url.URL) *url.URL { return base.JoinPath("v1", string(s)) }

// prefix is that of the variables for this signal alone.
func (s Signal) prefix() string { return envPrefix + strings.ToUpper(string(s)) + "_" }
