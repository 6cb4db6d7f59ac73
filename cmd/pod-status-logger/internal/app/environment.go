package app

import (
	"cmp"
	"io"
	"log/slog"
	"os"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/enrich"
)

// Environment is the process for a run, which accesses nothing else of it.
type Environment struct {
	Version string
	Stdin   io.Reader
	// Stdout takes records. Color and Width are those of its terminal.
	Stdout *os.File
	Color  bool
	Width  int
	// Log is the program's own log.
	Log *slog.Logger
	// PluginLog is the log of plugins and of events in their lives. nil: Log.
	PluginLog *slog.Logger
	// Lookup finds environment variables.
	Lookup config.Lookup
	// OnListed is called after each complete list of pods. May be nil.
	OnListed func()

	owners enrich.Owners // of pods that are not in a cluster; may be nil
}

func (e Environment) pluginLog() *slog.Logger { return cmp.Or(e.PluginLog, e.Log) }

func (e Environment) userAgent() string { return "pod-status-logger/" + e.Version }
