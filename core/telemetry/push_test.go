package telemetry_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// receiver is an OTLP receiver of metrics that speaks both protocols.
type receiver struct {
	mu       sync.Mutex
	requests []*collectorpb.ExportMetricsServiceRequest
	header   string // authorization of the last request
	packed   string // its compression over HTTP
	fail     error  // answer to requests
}

func (r *receiver) take(request *collectorpb.ExportMetricsServiceRequest, header, packed string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.header, r.packed = append(r.requests, request), header, packed
	return r.fail
}

func (r *receiver) last() *collectorpb.ExportMetricsServiceRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.requests) == 0 {
		return nil
	}
	return r.requests[len(r.requests)-1]
}

// export is what gRPC calls. The generated stubs are in a module that isn't slim.
//
//nolint:revive // gRPC's order of parameters
func export(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := new(collectorpb.ExportMetricsServiceRequest)
	if err := decode(request); err != nil {
		return nil, err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	return new(collectorpb.ExportMetricsServiceResponse),
		srv.(*receiver).take(request, strings.Join(md["authorization"], ""), "")
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(q.Body)
	}
	b, err := io.ReadAll(body)
	var request collectorpb.ExportMetricsServiceRequest
	if err = errors.Join(err, proto.Unmarshal(b, &request)); err != nil || q.URL.Path != "/v1/metrics" {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if err := r.take(&request, q.Header.Get("Authorization"), q.Header.Get("Content-Encoding")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// overGRPC and overHTTP return the endpoint of r.
func (r *receiver) overGRPC(t *testing.T, options ...grpc.ServerOption) string {
	t.Helper()
	server := grpc.NewServer(options...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.metrics.v1.MetricsService",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: export}},
	}, r)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return "http://" + listener.Addr().String()
}

func (r *receiver) overHTTP(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return server.URL
}

func settings(t *testing.T, env map[string]string) otlp.Settings {
	t.Helper()
	s, err := otlp.SettingsFromEnv(otlp.Metrics, otlp.Config{},
		func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func push(t *testing.T, s otlp.Settings, m *telemetry.Metrics, log *slog.Logger) *telemetry.Pusher {
	t.Helper()
	who := resource.NewSchemaless(attribute.String("service.name", "pod-status-logger"),
		attribute.String("service.version", "1.2.3"))
	p, err := telemetry.Push(t.Context(), s, who, m.Registry, log)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Exported metrics have the names and types of scraped ones, over both protocols,
// in plaintext and over TLS, with the headers and the compression of the variables.
func TestPush(t *testing.T) {
	authority := otlptest.NewAuthority(t)
	for name, c := range map[string]struct {
		endpoint func(*receiver) string
		env      map[string]string
		header   string
		packed   string
	}{
		"grpc": {endpoint: func(r *receiver) string { return r.overGRPC(t) }},
		"grpc, TLS, header, gzip": {
			endpoint: func(r *receiver) string {
				creds := credentials.NewTLS(authority.Server(t, false))
				return strings.Replace(r.overGRPC(t, grpc.Creds(creds)), "http:", "https:", 1)
			},
			env: map[string]string{
				"OTEL_EXPORTER_OTLP_CERTIFICATE": authority.WriteCA(t), "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer 1",
				"OTEL_EXPORTER_OTLP_METRICS_HEADERS": "authorization=Bearer 2", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
			},
			header: "Bearer 2",
		},
		"http": {
			endpoint: func(r *receiver) string { return r.overHTTP(t) },
			env:      map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
		},
		"http, user, gzip": {
			endpoint: func(r *receiver) string { return strings.Replace(r.overHTTP(t), "//", "//user:secret@", 1) },
			env: map[string]string{
				"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "gzip",
				"OTEL_EXPORTER_OTLP_CERTIFICATE": authority.WriteCA(t),
			},
			header: "Basic dXNlcjpzZWNyZXQ=", packed: "gzip",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := &receiver{}, wired()
			m.Record(record.Update, record.Error)
			m.Group(3 * time.Millisecond)
			env := maps.Clone(c.env)
			if env == nil {
				env = map[string]string{}
			}
			env["OTEL_EXPORTER_OTLP_ENDPOINT"] = c.endpoint(r)
			if err := push(t, settings(t, env), m, slog.New(slog.DiscardHandler)).Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			request := r.last()
			if request == nil {
				t.Fatal("nothing came")
			}
			if r.header != c.header {
				t.Errorf("authorization %q, want %q", r.header, c.header)
			}
			if c.packed != "" && r.packed != c.packed {
				t.Errorf("compression %q, want %q", r.packed, c.packed)
			}
			compareWithScrape(t, request, m)
		})
	}
}

// compareWithScrape compares what came with what Prometheus would have got.
func compareWithScrape(t *testing.T, request *collectorpb.ExportMetricsServiceRequest, m *telemetry.Metrics) {
	t.Helper()
	resourceMetrics := request.GetResourceMetrics()[0]
	who := map[string]string{}
	for _, a := range resourceMetrics.GetResource().GetAttributes() {
		who[a.GetKey()] = a.GetValue().GetStringValue()
	}
	if who["service.name"] != "pod-status-logger" || who["service.version"] != "1.2.3" {
		t.Errorf("the resource is %v", who)
	}
	got := map[string]string{}
	for _, metric := range resourceMetrics.GetScopeMetrics()[0].GetMetrics() {
		got[metric.GetName()] = kindOf(metric)
	}
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range families {
		want[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types (-scraped +sent):\n%s", diff)
	}
	if names := slices.Sorted(maps.Keys(got)); !slices.Contains(names, "pod_status_logger_records_total") {
		t.Errorf("there are only %v", names)
	}
}

// kindOf returns the type as Prometheus calls it. Sums and histograms have to
// be cumulative, or a receiver for Prometheus can't take them.
func kindOf(m *metricspb.Metric) string {
	const cumulative = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	switch {
	case m.GetGauge() != nil:
		return "gauge"
	case m.GetSum().GetIsMonotonic() && m.GetSum().GetAggregationTemporality() == cumulative:
		return "counter"
	case m.GetHistogram() != nil && m.GetHistogram().GetAggregationTemporality() == cumulative:
		return "histogram"
	case m.GetSummary() != nil:
		return "summary"
	}
	return "unknown"
}

// Metrics are exported periodically. Failed exports are logged once, and once more
// when exports succeed again.
func TestPushFails(t *testing.T) {
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
	r, log := &receiver{fail: errors.New("not today")}, &logbuffer.Buffer{}
	s := settings(t,
		map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": r.overHTTP(t), "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})
	p := push(t, s, wired(), slog.New(slog.NewTextHandler(log, nil)))
	await := func(n int) {
		t.Helper()
		wait.Until(t, "requests come", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return len(r.requests) >= n
		})
	}
	await(5)
	r.mu.Lock()
	r.fail = nil
	n := len(r.requests)
	r.mu.Unlock()
	await(n + 2)
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"OTLP receiver accepts no metrics", "OTLP receiver accepts metrics again"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("%q is logged %d times:\n%s", want, n, log.String())
		}
	}
}

// An unreachable receiver delays Close no longer than its context allows.
func TestPushEnds(t *testing.T) {
	s := settings(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
	p := push(t, s, wired(), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_ = p.Close(ctx)
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestPushRefuses(t *testing.T) {
	s := settings(t,
		map[string]string{
			"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics?token=1",
			"OTEL_EXPORTER_OTLP_PROTOCOL":         "http/protobuf",
		})
	_, err := telemetry.Push(t.Context(), s, nil, wired().Registry, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "query") || strings.Contains(err.Error(), "token") {
		t.Errorf("got %v", err)
	}
}
