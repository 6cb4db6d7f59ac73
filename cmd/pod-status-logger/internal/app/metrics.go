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

// lastPush is the timeout of the last export, when the service is closed.
const lastPush = 3 * time.Second

// pushMetrics exports metrics to the receiver until the service is closed.
func (s *service) pushMetrics(
	ctx context.Context, receiver otlp.Settings, shared *resource.Resource, env Environment,
) error {
	if !receiver.Enabled {
		return nil
	}
	receiver.UserAgent = env.userAgent()
	program, err := programResource(s.config.Cluster, shared, env)
	if err != nil {
		return err
	}
	pusher, err := telemetry.Push(ctx, receiver, program, s.metrics.Registry, s.log)
	if err != nil {
		return err
	}
	s.closers.push(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPush)
		defer cancel()
		if err := pusher.Close(ctx); err != nil {
			s.log.Debug("the last metrics were not sent", "error", err)
		}
		return nil
	})
	s.log.Info("sending metrics", "receiver", receiver)
	return nil
}

// programResource identifies the program in its metrics. The standard variables
// override it. In a pod, the host name is the name of the pod.
func programResource(cluster string, shared *resource.Resource, env Environment) (*resource.Resource, error) {
	host, _ := os.Hostname()
	own := resource.NewWithAttributes(semconv.SchemaURL, semconv.ServiceName("pod-status-logger"),
		semconv.ServiceVersion(env.Version), semconv.ServiceInstanceID(host))
	var given []attribute.KeyValue
	if cluster != "" {
		given = append(given, semconv.K8SClusterName(cluster))
	}
	if name, _ := env.Lookup("OTEL_SERVICE_NAME"); name != "" {
		given = append(given, semconv.ServiceName(name))
	}
	merged, err := resource.Merge(own, shared)
	if err != nil {
		return nil, err
	}
	return resource.Merge(merged, resource.NewSchemaless(given...))
}
