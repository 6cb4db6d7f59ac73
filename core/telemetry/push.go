package telemetry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

// Pusher sends to an OTLP receiver what /metrics shows: every minute, or as
// OTEL_METRIC_EXPORT_INTERVAL says, and at the end. Use [Push].
//
// It uses the stock exporters, which give up where core/otlp goes on: the next
// minute's metrics say all that the lost ones did. Nothing waits for it.
type Pusher struct {
	provider *sdkmetric.MeterProvider
	hangUp   func()
}

// Push starts to send. It doesn't connect yet, and fails only for settings that
// can't work.
func Push(ctx context.Context, s otlp.Settings, who *resource.Resource, metrics prometheus.Gatherer, log *slog.Logger) (*Pusher, error) {
	exporter, hangUp, err := newExporter(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("send metrics over OTLP: %w", err)
	}
	reader := sdkmetric.NewPeriodicReader(&reporter{Exporter: exporter, log: log},
		sdkmetric.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(metrics))))
	return &Pusher{sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(who)), hangUp}, nil
}

// Close sends the metrics a last time, for which ctx is the limit.
func (p *Pusher) Close(ctx context.Context) error {
	defer p.hangUp()
	return p.provider.Shutdown(ctx)
}

func newExporter(ctx context.Context, s otlp.Settings) (exporter sdkmetric.Exporter, hangUp func(), err error) {
	if s.Protocol == otlp.HTTP {
		return newHTTPExporter(ctx, s)
	}
	conn, err := otlp.DialGRPC(s)
	if err != nil {
		return nil, nil, err
	}
	hangUp = func() { _ = conn.Close() }
	exporter, err = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithGRPCConn(conn),
		otlpmetricgrpc.WithHeaders(s.Headers), otlpmetricgrpc.WithTimeout(s.Timeout))
	if err != nil {
		hangUp()
	}
	return exporter, hangUp, err
}

func newHTTPExporter(ctx context.Context, s otlp.Settings) (sdkmetric.Exporter, func(), error) {
	if s.Endpoint.RawQuery != "" {
		return nil, nil, errors.New("the exporter for metrics can't send to an endpoint with a query; credentials may go into OTEL_EXPORTER_OTLP_METRICS_HEADERS")
	}
	headers := maps.Clone(s.Headers)
	if user := s.Endpoint.User; user != nil { // the exporter leaves it out
		password, _ := user.Password()
		if headers == nil {
			headers = make(map[string]string)
		}
		headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
	}
	compression := otlpmetrichttp.NoCompression
	if s.Compression == otlp.Gzip {
		compression = otlpmetrichttp.GzipCompression
	}
	client := otlp.HTTPClient(s)
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithHTTPClient(client), otlpmetrichttp.WithEndpointURL(s.Target()),
		otlpmetrichttp.WithTLSClientConfig(s.TLS), otlpmetrichttp.WithHeaders(headers),
		otlpmetrichttp.WithCompression(compression), otlpmetrichttp.WithTimeout(s.Timeout))
	return exporter, client.CloseIdleConnections, err
}

// reportEvery is how often it is logged that metrics are not taken.
const reportEvery = 10 * time.Minute

// reporter logs that exports fail, at a limited rate, and that they work again. It
// is only called by one goroutine at a time, as exporters are.
type reporter struct {
	sdkmetric.Exporter
	log         *slog.Logger
	since, said time.Time // zero: all is well
}

// Export never fails: what is to be said is said here.
func (r *reporter) Export(ctx context.Context, metrics *metricdata.ResourceMetrics) error {
	err := r.Exporter.Export(ctx, metrics)
	now := time.Now()
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // the end has cut it, and sends them once more
	case err == nil && !r.since.IsZero():
		r.log.Info("the OTLP receiver takes metrics again", "was_failing_for", now.Sub(r.since))
		r.since, r.said = time.Time{}, time.Time{}
	case err != nil && now.Sub(r.said) >= reportEvery:
		if r.since.IsZero() {
			r.since = now
		}
		r.said = now
		r.log.Warn("the OTLP receiver does not take metrics; records are not concerned", "error", err, "for", now.Sub(r.since))
	}
	return nil
}
