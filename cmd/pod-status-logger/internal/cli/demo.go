package cli

import (
	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/demo"
)

func demoCommand(env Environment) *cobra.Command {
	defaults := config.DefaultOptions()
	defaults.Log.Level = "warn" // lines at info level would stand between the records
	defaults.Telemetry.Listen = ""
	defaults.Events.Enabled, defaults.Workloads = true, true
	if env.Stdout != nil && isTerminal(env.Stdout) {
		defaults.Stdout.Format = "pretty"
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show records of a scripted cluster; needs no cluster",
		Long: `Runs the program against a scripted API server in the same process: a healthy
rollout of a Helm release, an image that can't be pulled, a crash loop, a
rollout that a quota forbids, a pod that waits for a volume, and an eviction.
The records of a rollout share a bundle version and a trace. Kubernetes Events
and workloads are watched, too. The demo takes some seconds, and ends by itself
or at Ctrl-C. With --repeat it repeats with new pods and versions until it is
stopped. Unless --log-level is set, the log on stderr has the program's
warnings, and lines of plugins from level info.`,
		Example: `  pod-status-logger demo
  pod-status-logger demo -o json --pace 0s | jq -r .msg
  pod-status-logger demo --otlp-endpoint http://localhost:4317`,
		Args: noArguments,
		RunE: configured(env, defaults, func(cmd *cobra.Command, _ []string, o config.Options) error {
			// The file configures another cluster: its pods, its journal, its address.
			o.Watch.Namespaces, o.Watch.Selector, o.Watch.Initial = nil, "", "create"
			if !config.IsGiven(cmd.Flags(), env.Lookup, "state-dir") {
				o.State.Dir = ""
			}
			if !config.IsGiven(cmd.Flags(), env.Lookup, "listen") {
				o.Telemetry.Listen = ""
			}
			pluginLevel := o.Log.Level
			if pluginLevel == defaults.Log.Level && !config.IsGiven(cmd.Flags(), env.Lookup, "log-level") {
				pluginLevel = "info" // the demo is where authors try their plugins
			}
			return env.running(o, func(appEnv app.Environment) error {
				appEnv.PluginLog = newLogger(env.Stderr, pluginLevel)
				return demo.Run(cmd.Context(), o, appEnv)
			})
		}),
	}
	addFlags(cmd, defaults, config.DemoFlags, config.ListenFlag, config.StateFlag, config.OutputFlags, config.CommonFlags)
	return cmd
}
