package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/pflag"
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// TestMetricsPrecedence: a flag wins over its variable, that over the standard
// one, this over the file.
func TestMetricsPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: podstatus/v1alpha1\nkind: Config\ntelemetry: {otlp: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want bool
	}{
		"default":              {want: false},
		"flag":                 {args: []string{"--otlp-metrics"}, want: true},
		"file":                 {args: []string{"--config", file}, want: true},
		"standard":             {env: map[string]string{"OTEL_METRICS_EXPORTER": "otlp"}, want: true},
		"standard, two":        {env: map[string]string{"OTEL_METRICS_EXPORTER": "prometheus, otlp"}, want: true},
		"standard over file":   {args: []string{"--config", file}, env: map[string]string{"OTEL_METRICS_EXPORTER": "none"}, want: false},
		"empty is unset":       {args: []string{"--config", file}, env: map[string]string{"OTEL_METRICS_EXPORTER": ""}, want: true},
		"own over standard":    {env: map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "POD_STATUS_LOGGER_OTLP_METRICS": "true"}, want: true},
		"flag over everything": {args: []string{"--config", file, "--otlp-metrics=false"}, env: map[string]string{"OTEL_METRICS_EXPORTER": "otlp", "POD_STATUS_LOGGER_OTLP_METRICS": "true"}, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			scratch := DefaultConfig()
			outputFlags(flags, &scratch)
			commonFlags(flags, &scratch)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			got, err := resolve(DefaultConfig(), flags, func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			if err != nil || got.Telemetry.OTLP != c.want {
				t.Errorf("telemetry.otlp is %t, want %t: %v", got.Telemetry.OTLP, c.want, err)
			}
		})
	}
}

// TestMetricsReceiver: metrics go where records go, unless the variables for
// metrics say otherwise.
func TestMetricsReceiver(t *testing.T) {
	for name, c := range map[string]struct {
		otlp  OTLPConfig
		env   map[string]string
		want  string
		error string
	}{
		"as records":                {otlp: OTLPConfig{Endpoint: "http://a:4317"}, want: "http://a:4317"},
		"as records, HTTP":          {otlp: OTLPConfig{Endpoint: "http://a:4318", Protocol: "http/protobuf"}, want: "http://a:4318/v1/metrics"},
		"standard":                  {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318/otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, want: "http://a:4318/otlp/v1/metrics"},
		"elsewhere":                 {otlp: OTLPConfig{Endpoint: "http://a:4317", Protocol: "grpc"}, env: map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b:9090/api/v1/otlp/v1/metrics", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf"}, want: "http://b:9090/api/v1/otlp/v1/metrics"},
		"nowhere":                   {env: map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://a:4317"}, error: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"},
		"path that is for records":  {otlp: OTLPConfig{Endpoint: "http://a:9428/insert/opentelemetry/v1/logs", Protocol: "http/protobuf"}, error: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"},
		"bad variable is named":     {otlp: OTLPConfig{Endpoint: "http://a:4317"}, env: map[string]string{"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "x"}, error: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"},
		"that for logs is not read": {otlp: OTLPConfig{Endpoint: "http://a:4317"}, env: map[string]string{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "x"}, want: "http://a:4317"},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{OTLP: c.otlp, Telemetry: TelemetryConfig{OTLP: true}}
			s, err := config.metricsReceiver(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			if c.error == "" && (err != nil || s.Target() != c.want) {
				t.Errorf("got %s, want %s: %v", s.Target(), c.want, err)
			}
			if c.error != "" && (err == nil || !strings.Contains(err.Error(), c.error)) {
				t.Errorf("got error %v, want %s in it", err, c.error)
			}
		})
	}
}

// TestMetricsOverOTLP: with the standard variables alone, the program's metrics
// arrive as those of its own service; a receiver that takes no metrics costs no
// record and not the exit status.
func TestMetricsOverOTLP(t *testing.T) {
	for name, status := range map[string]int{"taken": http.StatusOK, "not taken": http.StatusNotFound} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var last *collectorpb.ExportMetricsServiceRequest
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				w.Header().Set("Content-Type", "application/x-protobuf")
				if r.URL.Path != "/v1/metrics" {
					return // records
				}
				w.WriteHeader(status)
				mu.Lock()
				defer mu.Unlock()
				last = new(collectorpb.ExportMetricsServiceRequest)
				if err := proto.Unmarshal(b, last); err != nil {
					t.Error(err)
				}
			}))
			defer receiver.Close()
			server := apiServer(t)
			server.Create(somePod("shop", "web"))
			p := start(t, map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.URL, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
				"OTEL_METRICS_EXPORTER": "otlp", "OTEL_RESOURCE_ATTRIBUTES": "k8s.cluster.name=prod,service.instance.id=one",
			}, "--kubeconfig", kubeconfig(t, server), "--listen=")
			p.await(1)
			p.signal()
			if _, stderr, code := p.wait(); code != exitOK || strings.Contains(stderr, "does not take metrics") != (status != http.StatusOK) {
				t.Errorf("exit status %d, stderr:\n%s", code, stderr)
			}
			mu.Lock()
			defer mu.Unlock()
			who := map[string]string{}
			for _, a := range last.GetResourceMetrics()[0].GetResource().GetAttributes() {
				who[a.GetKey()] = a.GetValue().GetStringValue()
			}
			for key, want := range map[string]string{"service.name": "pod-status-logger", "service.version": buildVersion(), "service.instance.id": "one", "k8s.cluster.name": "prod"} {
				if who[key] != want {
					t.Errorf("%s is %q, want %q", key, who[key], want)
				}
			}
			if m := last.String(); !strings.Contains(m, "pod_status_logger_records_total") || !strings.Contains(m, "pod_status_logger_ready") {
				t.Errorf("got %s", m)
			}
		})
	}
}

// TestPprof: profiles are off unless asked for, and where others reach them the
// log says so.
func TestPprof(t *testing.T) {
	server := apiServer(t)
	for name, c := range map[string]struct {
		args   []string
		status int
		warns  bool
	}{
		"off":      {nil, http.StatusNotFound, false},
		"on":       {[]string{"--pprof"}, http.StatusOK, false},
		"on, open": {[]string{"--pprof", "--listen=:0"}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := freeAddress(t)
			p := start(t, nil, append([]string{"--kubeconfig", kubeconfig(t, server), "--listen", address}, c.args...)...)
			eventually(t, func() bool { return strings.Contains(p.read(p.stderr), "watching pods") })
			if code, _ := get(address, "/debug/pprof/"); code != c.status {
				t.Errorf("status %d, want %d", code, c.status)
			}
			p.signal()
			if _, stderr, _ := p.wait(); strings.Contains(stderr, "profiles are served to whoever reaches this address") != c.warns {
				t.Errorf("warns: %t, stderr:\n%s", !c.warns, stderr)
			}
		})
	}
}
