package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

func pluginCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "List, inspect, verify, write and develop plugins",
		Example: `  pod-status-logger plugin list --config config.yaml
  pod-status-logger plugin new python team
  pod-status-logger plugin inspect bundle
  pod-status-logger plugin verify /plugins/team`,
		Args: oneOfItsCommands("list, inspect, verify, new and dev"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(pluginListCommand(env), pluginInspectCommand(env), pluginVerifyCommand(env), pluginNewCommand(env),
		pluginDevCommand(env), pluginServeCommand(env))
	return cmd
}

func pluginListCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the configured and the built-in plugins",
		Example: `  pod-status-logger plugin list
  pod-status-logger plugin list --config config.yaml`,
		Args: noArguments,
		RunE: configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, o config.Options) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
			_, _ = fmt.Fprintln(w, "NAME\tRUNS\tTIMEOUT\tPLUGIN")
			for _, p := range config.WithDefaults(o.Plugins) {
				_, _ = fmt.Fprintf(w, "%s\tyes\t%s\t%s\n", p.Name, p.Timeout, sourceOf(p))
			}
			for _, p := range config.WithDefaults(notIn(o.Plugins, config.DefaultPlugins())) {
				_, _ = fmt.Fprintf(w, "%s\tno\t%s\t%s\n", p.Name, p.Timeout, sourceOf(p))
			}
			return w.Flush()
		}),
	}
	addFlags(cmd, config.DefaultOptions(), config.CommonFlags)
	return cmd
}

// sourceOf returns where a plugin comes from.
func sourceOf(p config.PluginConfig) string {
	switch {
	case p.Builtin == "":
		return p.Command
	case p.Isolate:
		return "built in, isolated"
	}
	return "built in"
}

// pluginServeCommand is the program as a built-in plugin of itself.
func pluginServeCommand(env Environment) *cobra.Command {
	return &cobra.Command{
		Use:    "serve NAME",
		Short:  "Be a built-in plugin; the program runs this by itself",
		Hidden: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || app.Builtins(env.Version)[args[0]] == nil {
				return config.Usage(fmt.Errorf("plugin serve needs one of %v", config.BuiltinNames()))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			enricher.Serve(app.Builtins(env.Version)[args[0]]())
			return nil
		},
	}
}

// oneOfItsCommands rejects arguments of a command that only has subcommands.
func oneOfItsCommands(names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return config.Usage(fmt.Errorf("unknown command %q; %s has %s", args[0], pathOf(cmd), names))
		}
		return nil
	}
}
