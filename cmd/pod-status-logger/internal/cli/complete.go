package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// addCompletion adds cobra's command for shell scripts, and the completion of values.
func addCompletion(root *cobra.Command, env Environment) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args = oneOfItsCommands("bash, fish, powershell and zsh")
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	complete(root, env)
}

// complete adds the completion of flag values and arguments to a command and its
// subcommands. It makes no requests to a cluster.
func complete(cmd *cobra.Command, env Environment) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		values := completionOf(cmd, f, env)
		if values != nil { // fails for the flags that run shares with the root command
			_ = cmd.RegisterFlagCompletionFunc(f.Name, values)
		}
	})
	if cmd.ValidArgsFunction == nil && !slices.Contains([]string{"replay", "timeline"}, cmd.Name()) {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		complete(sub, env)
	}
}

// plainUsages removes the backquotes around the names of values in flag usages: help
// interprets them, shells would show them.
func plainUsages(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, sub := range cmd.Commands() {
		plainUsages(sub)
	}
}

// completionOf returns the completion of a flag's values, nil for files, which shells
// complete by themselves.
func completionOf(cmd *cobra.Command, f *pflag.Flag, env Environment) cobra.CompletionFunc {
	if c, ok := f.Value.(interface{ Values() []string }); ok {
		return cobra.FixedCompletions(c.Values(), cobra.ShellCompDirectiveNoFileComp)
	}
	switch f.Name {
	case config.FlagFile:
		return cobra.FixedCompletions([]cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt)
	case "kubeconfig", "replay":
		return nil
	case "state-dir", "clone":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "context":
		return completeOne(func() []string { return slices.Collect(maps.Keys(loadKubeconfig(cmd).Contexts)) })
	case "namespace":
		return completeList(func() []string { return namespacesIn(loadKubeconfig(cmd)) })
	case "plugins":
		return completeList(func() []string { return append(pluginNames(cmd, env), "none") })
	}
	return cobra.NoFileCompletions
}

func completeOne(names func() []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return slices.Sorted(slices.Values(names())), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeList completes the last of several names separated by commas.
func completeList(names func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (completions []cobra.Completion, _ cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		for _, name := range slices.Sorted(slices.Values(names())) {
			if !slices.Contains(strings.Split(before, ","), name) {
				completions = append(completions, before+name)
			}
		}
		return completions, cobra.ShellCompDirectiveNoFileComp
	}
}

// loadKubeconfig returns the kubeconfig of kubectl, an empty one if it can't be read.
func loadKubeconfig(cmd *cobra.Command) *api.Config {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if f := cmd.Flags().Lookup("kubeconfig"); f != nil {
		rules.ExplicitPath = f.Value.String()
	}
	kubeconfig, err := rules.Load()
	if err != nil {
		return api.NewConfig()
	}
	return kubeconfig
}

func namespacesIn(kubeconfig *api.Config) (names []string) {
	for _, c := range kubeconfig.Contexts {
		if c.Namespace != "" && !slices.Contains(names, c.Namespace) {
			names = append(names, c.Namespace)
		}
	}
	return names
}

// pluginNames returns the names of the configured and the built-in plugins.
func pluginNames(cmd *cobra.Command, env Environment) []string {
	plugins := config.DefaultPlugins()
	if c, err := config.Resolve(config.DefaultOptions(), cmd.Flags(), env.Lookup); err == nil {
		plugins = append(plugins, c.Plugins...)
	}
	return config.PluginNames(plugins)
}
