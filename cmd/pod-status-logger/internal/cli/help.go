package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// The width of help without a terminal, and the maximum in wide ones.
const (
	helpWidth    = 80
	maxHelpWidth = 100
)

// flagGroup is a heading in help, and the flags below it.
type flagGroup struct {
	title string
	flags []string
}

// flagGroups returns the groups in help. Flags without a group belong to the command
// and come first.
func flagGroups() []flagGroup {
	return []flagGroup{
		{"Pods", []string{
			"kubeconfig", "context", "namespace", "all-namespaces", "selector", "initial", "events", "workloads",
		}},
		{"Records", []string{"output", "stdout", "updates", "cluster-name", "service-from-labels", "plugins"}},
		{"Delivery", []string{
			"otlp-endpoint", "otlp-protocol", "otlp-traces", "state-dir", "state-max-size", "state-when-full",
			"shutdown-timeout",
		}},
		{"Program", []string{config.FlagFile, "listen", "pprof", "otlp-metrics", "log-level", "help", "version"}},
	}
}

// showHelp sets the help of root and its subcommands: groups of flags, as wide as the
// terminal.
func showHelp(root *cobra.Command, stdout *os.File) {
	width := helpWidth
	if stdout != nil {
		width = min(cmp.Or(widthOf(stdout), helpWidth), maxHelpWidth)
	}
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd, width) })
}

// writeHelp writes the help of a command. cobra's own neither wraps lines nor groups
// flags, and its templates keep the linker from removing unused methods.
func writeHelp(w io.Writer, cmd *cobra.Command, width int) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	p("%s\n\nUsage:\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	if cmd.Runnable() && !cmd.HasAvailableSubCommands() || !cmd.HasParent() {
		p("  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		p("  %s [command]\n", cmd.CommandPath())
	}
	if cmd.Example != "" {
		p("\nExamples:\n%s\n", examplesOf(cmd))
	}
	if cmd.HasAvailableSubCommands() {
		p("\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				p("  %-*s  %s\n", longest(cmd.Commands()), sub.Name(), sub.Short)
			}
		}
	}
	for _, g := range grouped(cmd.Flags()) {
		p("\n%s:\n%s", g.title, usages(g.flags, width))
	}
	if cmd.HasAvailableSubCommands() {
		p("\nRun %s [command] --help for details of a command.\n", cmd.CommandPath())
	}
}

func longest(commands []*cobra.Command) (n int) {
	for _, c := range commands {
		n = max(n, len(c.Name()))
	}
	return n
}

// ownFlags is the title of flags without a group.
const ownFlags = "Flags"

// shownGroup is a group with the flags that a command has.
type shownGroup struct {
	title string
	flags []*pflag.Flag
}

func grouped(fs *pflag.FlagSet) (shown []shownGroup) {
	known := flagGroups()
	shown = append(shown, shownGroup{title: ownFlags})
	fs.VisitAll(func(f *pflag.Flag) {
		if !slices.ContainsFunc(known, func(g flagGroup) bool { return slices.Contains(g.flags, f.Name) }) {
			shown[0].flags = append(shown[0].flags, f)
		}
	})
	for _, g := range known {
		s := shownGroup{title: g.title}
		for _, name := range g.flags {
			if f := fs.Lookup(name); f != nil {
				s.flags = append(s.flags, f)
			}
		}
		shown = append(shown, s)
	}
	return slices.DeleteFunc(shown, func(s shownGroup) bool { return len(s.flags) == 0 })
}

// usages describes flags, boolean ones without the [=true|false] of pflag.
func usages(flags []*pflag.Flag, width int) string {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.SortFlags = false
	for _, f := range flags {
		shown := *f
		shown.Value = struct{ pflag.Value }{f.Value} // hides that it is boolean
		if shown.DefValue == "[]" {                  // an empty list
			shown.DefValue = ""
		}
		fs.AddFlag(&shown)
	}
	return fs.FlagUsagesWrapped(width)
}
