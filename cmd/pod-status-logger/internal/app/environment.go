package app

import (
	"io"
	"log/slog"
	"os"
)

// Environment is what a run gets from the process that it is in.
type Environment struct {
	Version string
	Stdin   io.Reader
	// Stdout takes records. Color and Width are those of its terminal.
	Stdout *os.File
	Color  bool
	Width  int
	// Log is the program's own log.
	Log *slog.Logger
	// Lookup finds environment variables.
	Lookup func(name string) (string, bool)
	// OnListed is called after each complete list of pods. May be nil.
	OnListed func()
}

func (e Environment) userAgent() string { return "pod-status-logger/" + e.Version }
