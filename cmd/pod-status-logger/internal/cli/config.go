package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
		Short: "Check the configuration",
		Long: `Reads flags, environment and file like run, and reports all errors; the exit
status is then 2. Checks the kubeconfig if --kubeconfig or --context is set.
Starts the plugins, which check their own configuration.`,
		Example: `  pod-status-logger config check --config config.yaml
  POD_STATUS_LOGGER_UPDATES=all pod-status-logger config check`,
		Args: noArguments,
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, o config.Options) error {
			if err := app.Check(cmd.Context(), o, env.app("error")); err != nil {
				return config.Usage(err)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return err
		}),
	}
	cmd.AddCommand(verify, printCommand(env))
	addFlags(verify, config.DefaultOptions(), ofRun()...)
	return cmd
}

// ofRun are the flags of a run.
func ofRun() []func(*pflag.FlagSet, *config.Options) {
	return []func(*pflag.FlagSet, *config.Options){
		config.ClusterFlags, config.ListenFlag, config.PprofFlag, config.StateFlag, config.OutputFlags, config.CommonFlags,
	}
}

func printCommand(env Environment) *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print the effective configuration, defaults included",
		Long: `Prints the configuration that results from flags, environment, file and
defaults. The standard OTEL_EXPORTER_OTLP_* variables replace an empty OTLP
endpoint and protocol. Possible secrets are printed as ***: the user and the
query of the endpoint, and values in the configuration of plugins.`,
		Example: `  pod-status-logger config print                      # the defaults
  pod-status-logger config print --config config.yaml -n shop`,
		Args: noArguments,
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, o config.Options) error {
			o.Plugins = config.WithDefaults(o.Plugins)
			if !secrets {
				o.Config = o.Redact()
			}
			b, err := yaml.Marshal(o.Config)
			if err != nil {
				return fmt.Errorf("print configuration: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		}),
	}
	addFlags(cmd, config.DefaultOptions(), ofRun()...)
	cmd.Flags().BoolVar(&secrets, "show-secrets", false, "print possible secrets, too")
	return cmd
}
