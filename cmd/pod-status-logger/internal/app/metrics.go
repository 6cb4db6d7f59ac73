package app

import (
	"context"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// lastPush is for how long the receiver may take the last metrics at the end.
const lastPush = 3 * time.Second

// pushMetrics has metrics sent to the receiver until close.
func (s *Service) pushMetrics(ctx context.Context, receiver otlp.Settings, shared *resource.Resource, env Environment) error {
	if !receiver.Enabled {
		return nil
	}
	receiver.UserAgent = env.userAgent()
	who, err := ownResource(s.config.Cluster, shared, env)
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
func ownResource(cluster string, shared *resource.Resource, env Environment) (*resource.Resource, error) {
	host, _ := os.Hostname()
	own := resource.NewWithAttributes(semconv.SchemaURL, semconv.ServiceName("pod-status-logger"),
		semconv.ServiceVersion(env.Version), semconv.ServiceInstanceID(host))
	var said []attribute.KeyValue
	if cluster != "" {
		said = append(said, semconv.K8SClusterName(cluster))
	}
	if name, _ := env.Lookup("OTEL_SERVICE_NAME"); name != "" {
		said = append(said, semconv.ServiceName(name))
	}
	merged, err := resource.Merge(own, shared)
	if err != nil {
		return nil, err
	}
	return resource.Merge(merged, resource.NewSchemaless(said...))
}

// stopMetrics sends the metrics a last time.
func (s *Service) stopMetrics() {
	if s.pusher == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastPush)
	defer cancel()
	if err := s.pusher.Close(ctx); err != nil {
		s.log.Debug("the last metrics were not sent", "error", err)
	}
}
