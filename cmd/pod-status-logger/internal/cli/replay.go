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
		Long: `Emits the records of what

  kubectl get pods -A -w --output-watch-events -o json

printed, from a file or from stdin. A line that is no event is named by its
number and skipped; the exit status is then 1.

The time of a record is that of the replay. kubectl prints the pods that exist
at its start as added, so a replay tells them as created.`,
		Example: `  pod-status-logger replay recorded.jsonl
  pod-status-logger replay recorded.jsonl -o pretty
  kubectl get pods -w --output-watch-events -o json | pod-status-logger replay -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return config.Usage(fmt.Errorf("%s wants one file, or - for stdin", pathOf(cmd)))
		},
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, args []string, c config.Options) error {
			return env.running(c, func(env app.Environment) error { return app.Replay(cmd.Context(), c.Config, env, args[0]) })
		}),
	}
	addFlags(cmd, config.DefaultOptions(), config.OutputFlags, config.CommonFlags)
	return cmd
}
