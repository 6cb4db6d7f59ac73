package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestMetricsOverOTLP: with the standard variables, metrics are sent as those of the
// program's own service. A receiver that rejects metrics affects neither records nor
// the exit status.
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
			if _, stderr, code := p.wait(); code != cli.ExitOK ||
				strings.Contains(stderr, "accepts no metrics") != (status != http.StatusOK) {
				t.Errorf("exit status %d, stderr:\n%s", code, stderr)
			}
			mu.Lock()
			defer mu.Unlock()
			who := map[string]string{}
			for _, a := range last.GetResourceMetrics()[0].GetResource().GetAttributes() {
				who[a.GetKey()] = a.GetValue().GetStringValue()
			}
			for key, want := range map[string]string{
				"service.name": "pod-status-logger", "service.version": buildVersion(), "service.instance.id": "one",
				"k8s.cluster.name": "prod",
			} {
				if who[key] != want {
					t.Errorf("%s is %q, want %q", key, who[key], want)
				}
			}
			if m := last.String(); !strings.Contains(m, "pod_status_logger_records_total") ||
				!strings.Contains(m, "pod_status_logger_ready") {
				t.Errorf("got %s", m)
			}
		})
	}
}

// TestPprof: profiles are off by default. A warning is logged if other hosts can reach
// them.
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
			address := freeport.Address(t)
			p := start(t, nil, append([]string{"--kubeconfig", kubeconfig(t, server), "--listen", address}, c.args...)...)
			wait.Until(t, "the start", func() bool { return strings.Contains(p.read(p.stderr), "watching pods") })
			if code, _ := get(address, "/debug/pprof/"); code != c.status {
				t.Errorf("status %d, want %d", code, c.status)
			}
			p.signal()
			if _, stderr, _ := p.wait(); strings.Contains(stderr,
				"profiles are open to everybody who can reach this address") != c.warns {
				t.Errorf("warns: %t, stderr:\n%s", !c.warns, stderr)
			}
		})
	}
}
