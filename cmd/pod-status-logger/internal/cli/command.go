// Package cli is the command line: commands, flags, help, completion, and what
// they print.
package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// execute finds the command that args name and runs it.
func execute(ctx context.Context, args []string, env Environment) error {
	root := newCommand(env)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainUsages(root)
	}
	return root.ExecuteContext(ctx)
}

func newCommand(env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "pod-status-logger",
		Short: "Tell every change in the life of Kubernetes pods, one record each",
		Long: `pod-status-logger watches pods and emits one record for every change in a
pod's life: as JSON lines on stdout and over OTLP. Without a command it runs.

What run, demo and replay take as flags can also be given as environment
variables: --cluster-name is POD_STATUS_LOGGER_CLUSTER_NAME. Flags win over the
environment, and that over the file of --config. The OTLP receiver is also taken
from the standard OTEL_EXPORTER_OTLP_* variables.`,
		Example: `  pod-status-logger demo                      # no cluster needed
  pod-status-logger -o pretty                 # the cluster of your kubeconfig
  pod-status-logger -n shop -l app=web        # some pods of one namespace
  kubectl get pods -w --output-watch-events -o json | pod-status-logger replay -`,
		Version:       env.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
	}
	showHelp(root, env.Stdout)
	root.SetFlagErrorFunc(badFlag)
	runs := runCommand(env)
	root.RunE = runs.RunE
	root.Flags().AddFlagSet(runs.Flags())
	root.AddCommand(runs, demoCommand(env), replayCommand(env), journalCommand(env), configCommand(env), pluginCommand(env), healthCommand(env), versionCommand(env))
	addCompletion(root, env)
	return root
}

// noArguments refuses arguments: to cobra an unknown command is one.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasParent() {
		return unknownCommand(cmd, args[0])
	}
	return config.Usage(fmt.Errorf("%s takes no arguments, got %q", cmd.Name(), args[0]))
}

// unknownCommand says which commands there are that are called nearly so, else
// where to find those that there are.
func unknownCommand(cmd *cobra.Command, name string) error {
	if near := near(cmd, name); len(near) > 0 {
		return config.Usage(fmt.Errorf("unknown command %q; did you mean %s?", name, strings.Join(near, " or ")))
	}
	return config.Usage(fmt.Errorf("unknown command %q; see %s --help", name, cmd.CommandPath()))
}

// badFlag says which flag was meant, where one is called nearly so, else where to
// find those that there are.
func badFlag(cmd *cobra.Command, err error) error {
	if unknown := (*pflag.NotExistError)(nil); errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		flags := &cobra.Command{} // cobra knows which commands are called nearly so
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags.AddCommand(&cobra.Command{Use: "--" + f.Name, Run: noop}) })
		if near := near(flags, "--"+unknown.GetSpecifiedName()); len(near) > 0 {
			return config.Usage(fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or ")))
		}
	}
	return config.Usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
}

func noop(*cobra.Command, []string) {}

func near(cmd *cobra.Command, name string) []string {
	cmd.SuggestionsMinimumDistance = 2
	return cmd.SuggestionsFor(name)
}

// pathOf is how a command is called, less the program's name, with which every
// error begins.
func pathOf(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// configured returns a RunE that resolves the configuration first. What is set
// nowhere is as in defaults.
func configured(env Environment, defaults config.Options, do func(cmd *cobra.Command, args []string, c config.Options) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := config.Resolve(defaults, cmd.Flags(), env.Lookup)
		if err != nil {
			return config.Usage(err)
		}
		return do(cmd, args, c)
	}
}

// addFlags gives a command the flags of these options.
func addFlags(cmd *cobra.Command, defaults config.Options, bind ...func(*pflag.FlagSet, *config.Options)) {
	// The values are read by resolve, into a configuration of its own.
	scratch := defaults
	for _, b := range bind {
		b(cmd.Flags(), &scratch)
	}
	cmd.Flags().SortFlags = false
}
