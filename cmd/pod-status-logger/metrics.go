package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// envMetrics is the standard variable that says where metrics go.
const envMetrics = "OTEL_METRICS_EXPORTER"

// lastPush is for how long the receiver may take the last metrics at the end.
const lastPush = 3 * time.Second

// heedMetrics takes over what envMetrics says. Whether there is a page for
// Prometheus is up to telemetry.listen.
func (c *Config) heedMetrics(lookup func(string) (string, bool)) error {
	value, _ := lookup(envMetrics)
	if value == "" {
		return nil
	}
	c.Telemetry.OTLP = false
	for name := range strings.SplitSeq(value, ",") {
		switch strings.TrimSpace(name) {
		case "otlp":
			c.Telemetry.OTLP = true
		case "prometheus", "none":
		default:
			return fmt.Errorf("%s: %q is not one of otlp, prometheus, none", envMetrics, name)
		}
	}
	return nil
}

// metricsReceiver returns where metrics are to be sent. It is where records go,
// unless the standard variables for metrics name another one.
func (c *Config) metricsReceiver(lookup func(string) (string, bool)) (otlp.Settings, error) {
	if !c.Telemetry.OTLP {
		return otlp.Settings{}, nil
	}
	receiver := c.receiver()
	if isSet(lookup, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") {
		receiver.Endpoint = ""
	}
	if isSet(lookup, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL") {
		receiver.Protocol = ""
	}
	s, err := otlp.SettingsFromEnv(otlp.Metrics, receiver, lookup)
	if err == nil && !s.Enabled {
		err = errors.New("telemetry.otlp: metrics are to be sent over OTLP, but no receiver is named; " +
			"otlp.endpoint, OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_METRICS_ENDPOINT do")
	}
	return s, err
}

// pushMetrics has metrics sent to the receiver until close.
func (s *service) pushMetrics(ctx context.Context, receiver otlp.Settings, shared *resource.Resource, env environment) error {
	if !receiver.Enabled {
		return nil
	}
	receiver.UserAgent = "pod-status-logger/" + buildVersion()
	who, err := ownResource(s.config.Cluster, shared, env.lookup)
	if err != nil {
		return err
	}
	if s.pusher, err = telemetry.Push(ctx, receiver, who, s.metrics.Registry, s.log); err != nil {
		return err
	}
	s.log.Info("sending metrics", "receiver", receiver)
	return nil
}

// ownResource is who the metrics are of: the program, unless the standard
// variables say otherwise. In a pod the host's name is that of the pod.
func ownResource(cluster string, shared *resource.Resource, lookup func(string) (string, bool)) (*resource.Resource, error) {
	host, _ := os.Hostname()
	own := resource.NewWithAttributes(semconv.SchemaURL, semconv.ServiceName("pod-status-logger"),
		semconv.ServiceVersion(buildVersion()), semconv.ServiceInstanceID(host))
	var said []attribute.KeyValue
	if cluster != "" {
		said = append(said, semconv.K8SClusterName(cluster))
	}
	if name, _ := lookup("OTEL_SERVICE_NAME"); name != "" {
		said = append(said, semconv.ServiceName(name))
	}
	merged, err := resource.Merge(own, shared)
	if err != nil {
		return nil, err
	}
	return resource.Merge(merged, resource.NewSchemaless(said...))
}

// stopMetrics sends the metrics a last time.
func (s *service) stopMetrics() {
	if s.pusher == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastPush)
	defer cancel()
	if err := s.pusher.Close(ctx); err != nil {
		s.log.Debug("the last metrics were not sent", "error", err)
	}
}
