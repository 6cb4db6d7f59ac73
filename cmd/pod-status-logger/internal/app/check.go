package app

import (
	"context"
	"errors"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

// Check returns the errors that only show in combination with the environment: the
// receivers, the cluster, the plugins.
func Check(ctx context.Context, c config.Options, env Environment) error {
	receiver, err := otlp.SettingsFromEnv(otlp.Logs, c.Receiver(), env.Lookup)
	_, badMetrics := c.MetricsReceiver(env.Lookup)
	if config.MetricsByStandard(env.Lookup) { // a run ignores the error
		badMetrics = nil
	}
	_, badTraces := c.TracesReceiver(env.Lookup)
	if config.TracesByStandard(env.Lookup) { // likewise
		badTraces = nil
	}
	_, badResource := config.SharedResource(env.Lookup)
	err = errors.Join(err, badMetrics, badTraces, badResource)
	if !c.Stdout.Enabled && !receiver.Enabled {
		err = errors.Join(err, errNoSink)
	}
	if c.Kubeconfig != "" || c.Context != "" {
		_, noCluster := RESTConfig(c.Kubeconfig, c.Context, env)
		err = errors.Join(err, noCluster)
	}
	plugins, badPlugin := startPlugins(ctx, c.Config, env)
	if plugins != nil {
		plugins.Close()
	}
	return errors.Join(err, badPlugin)
}
