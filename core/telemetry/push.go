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
	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
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
	reader := sdkmetric.NewPeriodicReader(newReporter(exporter, log),
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

// reporter logs failed exports at a limited rate.
type reporter struct {
	sdkmetric.Exporter
	outage *ratelog.Outage
}

func newReporter(exporter sdkmetric.Exporter, log *slog.Logger) *reporter {
	return &reporter{exporter, ratelog.NewOutage(ratelog.Settings{
		Logger: log, Level: slog.LevelWarn, Every: 10 * time.Minute,
		Failing:   "the OTLP receiver does not take metrics; records are not concerned",
		Recovered: "the OTLP receiver takes metrics again",
	})}
}

// Export never fails: the SDK would log the error again.
func (r *reporter) Export(ctx context.Context, metrics *metricdata.ResourceMetrics) error {
	err := r.Exporter.Export(ctx, metrics)
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // by Close, which exports once more
	case err != nil:
		r.outage.Fail(err)
	default:
		r.outage.Recover()
	}
	return nil
}
