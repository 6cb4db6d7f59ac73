package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestMetricsPrecedence: a flag overrides its variable, which overrides the standard one,
// which overrides the file.
func TestMetricsPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: podstatus/v1alpha1\nkind: Config\ntelemetry: {otlp: true}\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want bool
	}{
		"default":       {want: false},
		"flag":          {args: []string{"--otlp-metrics"}, want: true},
		"file":          {args: []string{"--config", file}, want: true},
		"standard":      {env: map[string]string{"OTEL_METRICS_EXPORTER": "otlp"}, want: true},
		"standard, two": {env: map[string]string{"OTEL_METRICS_EXPORTER": "prometheus, otlp"}, want: true},
		"standard over file": {
			args: []string{"--config", file}, env: map[string]string{"OTEL_METRICS_EXPORTER": "none"}, want: false,
		},
		"empty is unset": {
			args: []string{"--config", file}, env: map[string]string{"OTEL_METRICS_EXPORTER": ""}, want: true,
		},
		"own over standard": {env: map[string]string{
			"OTEL_METRICS_EXPORTER": "prometheus", "POD_STATUS_LOGGER_OTLP_METRICS": "true",
		}, want: true},
		"flag over everything": {
			args: []string{"--config", file, "--otlp-metrics=false"},
			env:  map[string]string{"OTEL_METRICS_EXPORTER": "otlp", "POD_STATUS_LOGGER_OTLP_METRICS": "true"}, want: false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			scratch := DefaultOptions()
			OutputFlags(flags, &scratch)
			CommonFlags(flags, &scratch)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			got, err := Resolve(DefaultOptions(), flags, func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			if err != nil || got.Telemetry.OTLP != c.want {
				t.Errorf("telemetry.otlp is %t, want %t: %v", got.Telemetry.OTLP, c.want, err)
			}
		})
	}
}

// TestMetricsReceiver: the receiver of metrics is that of records, unless the variables
// for metrics name another one.
func TestMetricsReceiver(t *testing.T) {
	for name, c := range map[string]struct {
		otlp  OTLPConfig
		env   map[string]string
		want  string
		error string
	}{
		"as records": {otlp: OTLPConfig{Endpoint: "http://a:4317"}, want: "http://a:4317"},
		"as records, HTTP": {
			otlp: OTLPConfig{Endpoint: "http://a:4318", Protocol: "http/protobuf"}, want: "http://a:4318/v1/metrics",
		},
		"standard": {env: map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318/otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		}, want: "http://a:4318/otlp/v1/metrics"},
		"elsewhere": {
			otlp: OTLPConfig{Endpoint: "http://a:4317", Protocol: "grpc"},
			env: map[string]string{
				"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b:9090/api/v1/otlp/v1/metrics",
				"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf",
			}, want: "http://b:9090/api/v1/otlp/v1/metrics",
		},
		"nowhere": {
			env:   map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://a:4317"},
			error: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
		},
		"path that is for records": {otlp: OTLPConfig{
			Endpoint: "http://a:9428/insert/opentelemetry/v1/logs", Protocol: "http/protobuf",
		}, error: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"},
		"bad variable is named": {
			otlp: OTLPConfig{Endpoint: "http://a:4317"}, env: map[string]string{"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "x"},
			error: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
		},
		"that for logs is not read": {
			otlp: OTLPConfig{Endpoint: "http://a:4317"}, env: map[string]string{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "x"},
			want: "http://a:4317",
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{OTLP: c.otlp, Telemetry: TelemetryConfig{OTLP: true}}
			s, err := config.MetricsReceiver(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			if c.error == "" && (err != nil || s.Target() != c.want) {
				t.Errorf("got %s, want %s: %v", s.Target(), c.want, err)
			}
			if c.error != "" && (err == nil || !strings.Contains(err.Error(), c.error)) {
				t.Errorf("got error %v, want %s in it", err, c.error)
			}
		})
	}
}
