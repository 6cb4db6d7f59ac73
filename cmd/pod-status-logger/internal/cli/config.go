package cli

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

func configCommand(env Environment) *cobra.Command {
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
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, c config.Options) error {
			if err := app.Check(cmd.Context(), c, env.app("error")); err != nil {
				return config.Usage(err)
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
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, c config.Options) error {
			if u, err := url.Parse(c.OTLP.Endpoint); err == nil {
				c.OTLP.Endpoint = u.Redacted()
			}
			c.Plugins = config.WithDefaults(c.Plugins)
			b, err := yaml.Marshal(c.Config)
			if err != nil {
				return fmt.Errorf("print configuration: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		}),
	}
	for _, sub := range []*cobra.Command{verify, show} {
		addFlags(sub, config.DefaultOptions(), config.ClusterFlags, config.ListenFlag, config.PprofFlag, config.StateFlag, config.OutputFlags, config.CommonFlags)
		cmd.AddCommand(sub)
	}
	return cmd
}
