package cli

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const root = "../../../../"

func readDoc(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestHelpPage: docs/cli.md has the output of --help, in a terminal of 80 columns.
func TestHelpPage(t *testing.T) {
	var b strings.Builder
	visit(documented(), func(cmd *cobra.Command) {
		if cmd.Hidden || strings.HasPrefix(pathOf(cmd), "completion") { // with the texts of cobra
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

// documented returns the command with the flags that cobra adds when it runs.
func documented() *cobra.Command {
	root := newCommand(Environment{})
	root.Version = "VERSION" // independent of the build
	visit(root, func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
	})
	return root
}

// TestHelpExamples: each command has valid examples.
func TestHelpExamples(t *testing.T) {
	visit(newCommand(Environment{}), func(cmd *cobra.Command) {
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

// understood checks the command and the flags of a line.
func understood(t *testing.T, line string) {
	t.Helper()
	args := strings.Fields(line)
	cmd, rest, err := newCommand(Environment{}).Find(args)
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

// TestReadmeFlags: the commands of the README are valid.
func TestReadmeFlags(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^\$ (?:bin/)?pod-status-logger ([^#\n]*)`).FindAllStringSubmatch(readDoc(t,
		"README.md"), -1)
	if len(lines) < 1 {
		t.Fatalf("README.md has %d commands, want some", len(lines))
	}
	for _, m := range lines {
		args := strings.Fields(m[1])
		cmd, rest, err := newCommand(Environment{}).Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil {
			t.Errorf("README.md: pod-status-logger %s: %v", m[1], err)
		}
	}
}
