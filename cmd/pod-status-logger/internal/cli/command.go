// Package cli is the command line: commands, help, completion and output.
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

// execute runs the command of args.
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
		Use:   programName,
		Short: "Emit a record for every change in the life of Kubernetes pods",
		Long: `pod-status-logger watches pods and emits a record for every change in a pod's
life: as JSON lines on stdout and over OTLP. The default command is run.

The flags of run, demo and replay also have environment variables:
--cluster-name is POD_STATUS_LOGGER_CLUSTER_NAME. Flags override variables,
which override the file of --config. The standard OTEL_EXPORTER_OTLP_*
variables configure the OTLP receiver, too.`,
		Example: `  pod-status-logger demo                      # no cluster needed
  pod-status-logger -o pretty                 # the cluster of your kubeconfig
  pod-status-logger -n shop -l app=web        # some pods of one namespace
  kubectl get pods -w --output-watch-events -o json | pod-status-logger replay -`,
		Version:       env.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
	}
	if env.isKubectlPlugin() {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: pluginName}
	}
	showHelp(root, env.Stdout)
	root.SetFlagErrorFunc(badFlag)
	run := runCommand(env)
	root.RunE = run.RunE
	root.Flags().AddFlagSet(run.Flags())
	root.AddCommand(run, demoCommand(env), replayCommand(env), timelineCommand(env), explainCommand(env),
		journalCommand(env), configCommand(env), pluginCommand(env), healthCommand(env), versionCommand(env))
	addCompletion(root, env)
	return root
}

// noArguments rejects arguments. For cobra, an unknown command is an argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasParent() {
		return unknownCommand(cmd, args[0])
	}
	return config.Usage(fmt.Errorf("%s takes no arguments, got %q", cmd.Name(), args[0]))
}

// unknownCommand names similar commands, or the help if there are none.
func unknownCommand(cmd *cobra.Command, name string) error {
	if near := near(cmd, name); len(near) > 0 {
		return config.Usage(fmt.Errorf("unknown command %q; did you mean %s?", name, strings.Join(near, " or ")))
	}
	return config.Usage(fmt.Errorf("unknown command %q; see %s --help", name, cmd.CommandPath()))
}

// badFlag names similar flags, or the help if there are none.
func badFlag(cmd *cobra.Command, err error) error {
	if unknown := (*pflag.NotExistError)(nil); errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		flags := &cobra.Command{} // cobra finds similar names of commands only
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

// pathOf returns the path of a command without the program's name, which every error
// begins with.
func pathOf(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()+" ")
}

// runE is the function of a command.
type runE = func(cmd *cobra.Command, args []string) error

// configured returns the function of a command that reads the configuration.
func configured(
	env Environment, defaults config.Options, do func(cmd *cobra.Command, args []string, o config.Options) error,
) runE {
	return func(cmd *cobra.Command, args []string) error {
		o, err := config.Resolve(defaults, cmd.Flags(), env.Lookup)
		if err != nil {
			return config.Usage(err)
		}
		return do(cmd, args, o)
	}
}

// addFlags adds flags of the configuration to a command.
func addFlags(cmd *cobra.Command, defaults config.Options, bind ...func(*pflag.FlagSet, *config.Options)) {
	unused := defaults // Resolve reads the flags into its own options
	for _, b := range bind {
		b(cmd.Flags(), &unused)
	}
	cmd.Flags().SortFlags = false
}
