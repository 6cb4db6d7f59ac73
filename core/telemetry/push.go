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

// Pusher exports the metrics of /metrics to an OTLP receiver: every minute, or in
// the interval of OTEL_METRIC_EXPORT_INTERVAL, and at the end. Use [Push].
//
// It uses the stock exporters, which give up instead of retrying indefinitely:
// metrics are cumulative, so the next export makes up for a lost one.
type Pusher struct {
	provider   *sdkmetric.MeterProvider
	disconnect func()
}

// Push starts a Pusher, without connecting yet. It fails only for invalid settings.
// The resource identifies the program.
func Push(
	ctx context.Context, s otlp.Settings, program *resource.Resource, metrics prometheus.Gatherer, log *slog.Logger,
) (*Pusher, error) {
	exporter, disconnect, err := newExporter(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("send metrics over OTLP: %w", err)
	}
	reader := sdkmetric.NewPeriodicReader(newReporter(exporter, log),
		sdkmetric.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(metrics))))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(program))
	return &Pusher{provider, disconnect}, nil
}

// Close exports the metrics a last time, within ctx.
func (p *Pusher) Close(ctx context.Context) error {
	defer p.disconnect()
	return p.provider.Shutdown(ctx)
}

func newExporter(ctx context.Context, s otlp.Settings) (exporter sdkmetric.Exporter, disconnect func(), err error) {
	if s.Protocol == otlp.HTTP {
		return newHTTPExporter(ctx, s)
	}
	conn, err := otlp.DialGRPC(s)
	if err != nil {
		return nil, nil, err
	}
	disconnect = func() { _ = conn.Close() }
	exporter, err = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithGRPCConn(conn),
		otlpmetricgrpc.WithHeaders(s.Headers), otlpmetricgrpc.WithTimeout(s.Timeout))
	if err != nil {
		disconnect()
	}
	return exporter, disconnect, err
}

func newHTTPExporter(ctx context.Context, s otlp.Settings) (sdkmetric.Exporter, func(), error) {
	if s.Endpoint.RawQuery != "" {
		return nil, nil, errors.New("metrics can't be sent to an endpoint with a query; " +
			"put credentials into OTEL_EXPORTER_OTLP_METRICS_HEADERS")
	}
	compression := otlpmetrichttp.NoCompression
	if s.Compression == otlp.Gzip {
		compression = otlpmetrichttp.GzipCompression
	}
	client := otlp.HTTPClient(s)
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithHTTPClient(client),
		otlpmetrichttp.WithEndpointURL(s.Target()), otlpmetrichttp.WithTLSClientConfig(s.TLS),
		otlpmetrichttp.WithHeaders(headersOf(s)), otlpmetrichttp.WithCompression(compression),
		otlpmetrichttp.WithTimeout(s.Timeout))
	return exporter, client.CloseIdleConnections, err
}

// headersOf adds the user of the URL, which the exporter would leave out.
func headersOf(s otlp.Settings) map[string]string {
	user := s.Endpoint.User
	if user == nil {
		return s.Headers
	}
	headers := maps.Clone(s.Headers)
	if headers == nil {
		headers = make(map[string]string)
	}
	password, _ := user.Password()
	headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
	return headers
}

// reporter logs failed exports at a limited rate.
type reporter struct {
	sdkmetric.Exporter
	outage *ratelog.Outage
}

func newReporter(exporter sdkmetric.Exporter, log *slog.Logger) *reporter {
	return &reporter{exporter, ratelog.NewOutage(ratelog.Settings{
		Logger: log, Level: slog.LevelWarn, Every: 10 * time.Minute,
		Failing:   "OTLP receiver accepts no metrics, retrying; records are unaffected",
		Recovered: "OTLP receiver accepts metrics again",
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
