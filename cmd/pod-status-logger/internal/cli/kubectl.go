package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// Names of the program, and of its file as a plugin of kubectl.
const (
	programName = "pod-status-logger"
	pluginName  = "kubectl podstatus"
	pluginFile  = "kubectl-podstatus"
)

// isKubectlPlugin reports whether kubectl started the program.
func (e Environment) isKubectlPlugin() bool {
	return strings.TrimSuffix(filepath.Base(e.Program), ".exe") == pluginFile
}

// name returns the name of the program in help and errors.
func (e Environment) name() string {
	if e.isKubectlPlugin() {
		return pluginName
	}
	return programName
}

// runDefaults returns the defaults of run. As a plugin of kubectl it is for people, and several may run at once.
func (e Environment) runDefaults() config.Options {
	o := config.DefaultOptions()
	if !e.isKubectlPlugin() {
		return o
	}
	o.Telemetry.Listen, o.Log.Level = "", "warn"
	if e.Stdout != nil && isTerminal(e.Stdout) {
		o.Stdout.Format = "pretty"
	}
	return o
}

// examplesOf returns the examples of a command with the name by which it was started.
func examplesOf(cmd *cobra.Command) string {
	name := cmd.Root().CommandPath()
	replacer := strings.NewReplacer("  "+programName+" ", "  "+name+" ", "| "+programName+" ", "| "+name+" ")
	return replacer.Replace(cmd.Example)
}
