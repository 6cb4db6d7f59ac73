package cli

import (
	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

func runCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Watch the pods of a cluster (what happens without a command)",
		Long: `Watches the pods of a cluster and emits one record for every change, until it
gets a signal. The exit status is 0 where all records are written and sent by
then, or are kept in --state-dir for the next start.`,
		Example: `  pod-status-logger run -n shop -l app=web
  pod-status-logger run --state-dir /var/lib/pod-status-logger
  OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 pod-status-logger run`,
		Args: noArguments,
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, c config.Options) error {
			return env.running(c, func(env app.Environment) error {
				client, err := app.RESTConfig(c.Kubeconfig, c.Context, env)
				if err != nil {
					return config.Usage(err)
				}
				return app.Watch(cmd.Context(), c.Config, env, client)
			})
		}),
	}
	addFlags(cmd, config.DefaultOptions(), config.ClusterFlags, config.ListenFlag, config.PprofFlag, config.StateFlag, config.OutputFlags, config.CommonFlags)
	return cmd
}
