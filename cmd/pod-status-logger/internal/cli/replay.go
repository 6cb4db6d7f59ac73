package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

func replayCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay FILE|-",
		Short: "Emit the records of a recorded watch",
		Long: `Emits the records of the events that this command printed, from a file or from
stdin:

  kubectl get pods -A -w --output-watch-events -o json

Plugins see the owners of pods that the input contains, in a file anywhere, on
stdin before the pods:

  kubectl get replicasets,deployments -A -o json

Of other owners they see what the pod names: kind, name and uid of the nearest.

Invalid lines are logged with their number and skipped; the exit status is
then 1.

Records have the time of the replay. kubectl prints existing pods as added, so
their records report them as created.`,
		Example: `  pod-status-logger replay recorded.jsonl
  pod-status-logger replay recorded.jsonl -o pretty
  kubectl get pods -w --output-watch-events -o json | pod-status-logger replay -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return config.Usage(fmt.Errorf("%s needs a file, or - for stdin", pathOf(cmd)))
		},
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, args []string, o config.Options) error {
			return env.running(o, func(env app.Environment) error { return app.Replay(cmd.Context(), o.Config, env, args[0]) })
		}),
	}
	addFlags(cmd, config.DefaultOptions(), config.OutputFlags, config.CommonFlags)
	return cmd
}
