package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

func configCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check or print the configuration",
		Example: `  pod-status-logger config check --config config.yaml
  pod-status-logger config print`,
		Args: oneOfItsCommands("check and print"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verify := &cobra.Command{
		Use:   "check",
		Short: "Tell what is wrong with the configuration",
		Long: `Reads flags, environment and file as run does, and tells what is wrong with
them; the exit status is then 2. The kubeconfig is looked at where --kubeconfig
or --context name one. Plugins are started, to have them check their part.`,
		Example: `  pod-status-logger config check --config config.yaml
  POD_STATUS_LOGGER_UPDATES=all pod-status-logger config check`,
		Args: noArguments,
		RunE: configured(env, DefaultConfig(), func(cmd *cobra.Command, _ []string, c Config) error {
			if err := check(cmd.Context(), c, env); err != nil {
				return usage(err)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return err
		}),
	}
	show := &cobra.Command{
		Use:   "print",
		Short: "Print the configuration that is in force, defaults included",
		Long: `Prints what flags, environment, file and defaults make together. An OTLP
endpoint and protocol that are empty are as the standard OTEL_EXPORTER_OTLP_*
variables say.`,
		Example: `  pod-status-logger config print                      # the defaults
  pod-status-logger config print --config config.yaml -n shop`,
		Args: noArguments,
		RunE: configured(env, DefaultConfig(), func(cmd *cobra.Command, _ []string, c Config) error {
			if u, err := url.Parse(c.OTLP.Endpoint); err == nil {
				c.OTLP.Endpoint = u.Redacted()
			}
			c.Plugins = withDefaults(c.Plugins)
			b, err := yaml.Marshal(c)
			if err != nil {
				return fmt.Errorf("print configuration: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		}),
	}
	for _, sub := range []*cobra.Command{verify, show} {
		addFlags(sub, DefaultConfig(), clusterFlags, listenFlag, pprofFlag, stateFlag, outputFlags, commonFlags)
		cmd.AddCommand(sub)
	}
	return cmd
}

// check finds what only shows when the parts are put together.
func check(ctx context.Context, c Config, env environment) error {
	receiver, err := otlp.SettingsFromEnv(otlp.Logs, c.receiver(), env.lookup)
	_, badMetrics := c.metricsReceiver(env.lookup)
	_, badResource := sharedResource(env.lookup)
	err = errors.Join(err, badMetrics, badResource)
	if !c.Stdout.Enabled && !receiver.Enabled {
		err = errors.Join(err, errNoSink)
	}
	if c.kubeconfig != "" || c.context != "" {
		_, noCluster := restConfig(c)
		err = errors.Join(err, noCluster)
	}
	plugins, badPlugin := startPlugins(ctx, c, env, newLogger(env.stderr, "error"))
	if plugins != nil {
		plugins.Close()
	}
	return errors.Join(err, badPlugin)
}

// receiver is what the configuration says about the OTLP receiver.
func (c *Config) receiver() otlp.Config {
	return otlp.Config{Endpoint: c.OTLP.Endpoint, Protocol: c.OTLP.Protocol}
}
