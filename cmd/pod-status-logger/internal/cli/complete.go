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

// addCompletion adds cobra's command that prints the scripts for shells, and what
// they ask for.
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

// complete has shells complete the values of the flags, and the arguments, of a
// command and those below it. Nothing is asked of a cluster for that.
func complete(cmd *cobra.Command, env Environment) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		values := completionOf(cmd, f, env)
		if values != nil { // run shares its flags with the command without a name: the second time is an error
			_ = cmd.RegisterFlagCompletionFunc(f.Name, values)
		}
	})
	if cmd.ValidArgsFunction == nil && cmd.Name() != "replay" {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		complete(sub, env)
	}
}

// plainUsages takes out of the usages of flags what marks the names of values:
// help shows these, shells would show the marks.
func plainUsages(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, sub := range cmd.Commands() {
		plainUsages(sub)
	}
}

// completionOf returns what completes the values of a flag, nil for what shells
// do by themselves: files.
func completionOf(cmd *cobra.Command, f *pflag.Flag, env Environment) cobra.CompletionFunc {
	if c, ok := f.Value.(interface{ Values() []string }); ok {
		return cobra.FixedCompletions(c.Values(), cobra.ShellCompDirectiveNoFileComp)
	}
	switch f.Name {
	case config.FlagFile:
		return cobra.FixedCompletions([]cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt)
	case "kubeconfig":
		return nil
	case "state-dir":
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

// completeList completes the last name of those separated by commas.
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

// loadKubeconfig returns what kubectl would read, empty where that can't be read.
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

// pluginNames are those that are configured and built in.
func pluginNames(cmd *cobra.Command, env Environment) []string {
	plugins := config.DefaultPlugins()
	if c, err := config.Resolve(config.DefaultOptions(), cmd.Flags(), env.Lookup); err == nil {
		plugins = append(plugins, c.Plugins...)
	}
	return config.PluginNames(plugins)
}
