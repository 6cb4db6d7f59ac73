package cli

import (
	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

func runCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Watch the pods of a cluster (the default command)",
		Long: `Watches the pods of a cluster and emits a record for every change, until it
gets a signal. The exit status is 0 if all records are delivered by then, or
kept in --state-dir for the next start.`,
		Example: `  pod-status-logger run -n shop -l app=web
  pod-status-logger run --state-dir /var/lib/pod-status-logger
  OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 pod-status-logger run`,
		Args: noArguments,
		RunE: configured(env, env.runDefaults(), func(cmd *cobra.Command, _ []string, o config.Options) error {
			return env.running(o, func(env app.Environment) error {
				client, err := app.RESTConfig(o.Kubeconfig, o.Context, env)
				if err != nil {
					return config.Usage(err)
				}
				return app.Watch(cmd.Context(), o.Config, env, client)
			})
		}),
	}
	addFlags(cmd, env.runDefaults(), config.ClusterFlags, config.ListenFlag, config.PprofFlag, config.StateFlag,
		config.OutputFlags, config.CommonFlags)
	return cmd
}
