package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpPage: docs/cli.md is what --help says, in a terminal of 80 columns.
func TestHelpPage(t *testing.T) {
	var b strings.Builder
	visit(documented(), func(cmd *cobra.Command) {
		if cmd.Hidden || strings.HasPrefix(pathOf(cmd), "completion") { // whose texts are cobra's
			return
		}
		fmt.Fprintf(&b, "## %s\n\n```text\n", cmd.CommandPath())
		writeHelp(&b, cmd, helpWidth)
		b.WriteString("```\n\n")
	})
	generated(t, "docs/cli.md", "commands", strings.TrimSuffix(b.String(), "\n"))
	for line := range strings.Lines(b.String()) {
		if width := len(strings.TrimSuffix(line, "\n")); width > helpWidth {
			t.Errorf("help is %d columns wide: %s", width, line)
		}
	}
}

// documented is the command with what cobra adds when it runs.
func documented() *cobra.Command {
	root := newCommand(environment{})
	root.Version = "VERSION" // is not the same in all builds
	visit(root, func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
	})
	return root
}

// TestHelpExamples: each command has examples, and they are understood.
func TestHelpExamples(t *testing.T) {
	visit(newCommand(environment{}), func(cmd *cobra.Command) {
		if cmd.Hidden || strings.HasPrefix(pathOf(cmd), "completion") {
			return
		}
		calls := regexp.MustCompile(`pod-status-logger ([^#|\n]*)`).FindAllStringSubmatch(cmd.Example, -1)
		if len(calls) == 0 {
			t.Errorf("%s --help has no example", cmd.CommandPath())
		}
		for _, call := range calls {
			understood(t, call[1])
		}
	})
}

// understood checks that there are the command and the flags of a line.
func understood(t *testing.T, line string) {
	t.Helper()
	args := strings.Fields(line)
	cmd, rest, err := newCommand(environment{}).Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil {
		t.Errorf("pod-status-logger %s: %v", line, err)
	}
}
