package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// Exit statuses. Scripts rely on them.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Environment is what the process gives to the command line. main fills it:
// nothing below reads the process's own.
type Environment struct {
	Version        string
	Stdin          io.Reader
	Stdout, Stderr *os.File
	// Lookup finds environment variables.
	Lookup func(name string) (string, bool)
	// SetUp prepares the process for a run with this log, until undo is called.
	SetUp func(log *slog.Logger) (undo func())
	// OnListed is called after each complete list of pods.
	OnListed func()
}

// Run executes the command line and returns the exit status.
func Run(ctx context.Context, args []string, env Environment) int {
	err := execute(ctx, args, env)
	var mistake *config.UsageError
	isUsage := errors.As(err, &mistake)
	if err == nil || errors.Is(err, app.ErrInterrupted) && !isUsage { // nothing is left
		return ExitOK
	}
	_, _ = fmt.Fprintf(env.Stderr, "pod-status-logger: %v\n", err)
	if isUsage {
		return ExitUsage
	}
	return ExitFailed
}

// app returns what a run gets of the environment, with a log of this level.
func (e Environment) app(level string) app.Environment {
	return app.Environment{
		Version:  e.Version,
		Stdin:    e.Stdin,
		Stdout:   e.Stdout,
		Color:    isTerminal(e.Stdout) && wantsColor(e.Lookup),
		Width:    widthOf(e.Stdout),
		Log:      newLogger(e.Stderr, level),
		Lookup:   e.Lookup,
		OnListed: e.OnListed,
	}
}

// running has the process set up for what emits records, while that runs.
func (e Environment) running(c config.Options, do func(env app.Environment) error) error {
	env := e.app(c.Log.Level)
	defer e.SetUp(env.Log)()
	return do(env)
}
