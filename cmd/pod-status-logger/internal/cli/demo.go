package cli

import (
	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/demo"
)

func demoCommand(env Environment) *cobra.Command {
	defaults := config.DefaultOptions()
	defaults.Log.Level = "warn" // that the pods were listed is nothing to show
	defaults.Telemetry.Listen = ""
	if env.Stdout != nil && isTerminal(env.Stdout) {
		defaults.Stdout.Format = "pretty"
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show records of a made-up cluster; needs none of your own",
		Long: `Runs the program against a scripted API server in the same process: a healthy
rollout of a Helm release, an image that can't be pulled, a crash loop and an
eviction. The records of one rollout share a bundle version and a trace. It
takes some seconds, and ends by itself or at Ctrl-C. With --repeat it goes on,
with new pods and versions, until it is stopped.`,
		Example: `  pod-status-logger demo
  pod-status-logger demo -o json --pace 0s | jq -r .msg
  pod-status-logger demo --otlp-endpoint http://localhost:4317`,
		Args: noArguments,
		RunE: configured(env, defaults, func(cmd *cobra.Command, _ []string, c config.Options) error {
			// The file is about another cluster: which pods of it to watch, where
			// its journal is, on what address it is served.
			c.Watch.Namespaces, c.Watch.Selector, c.Watch.Initial = nil, "", "create"
			if !config.IsGiven(cmd.Flags(), env.Lookup, "state-dir") {
				c.State.Dir = ""
			}
			if !config.IsGiven(cmd.Flags(), env.Lookup, "listen") {
				c.Telemetry.Listen = ""
			}
			return env.running(c, func(env app.Environment) error { return demo.Run(cmd.Context(), c, env) })
		}),
	}
	addFlags(cmd, defaults, config.DemoFlags, config.ListenFlag, config.StateFlag, config.OutputFlags, config.CommonFlags)
	return cmd
}
