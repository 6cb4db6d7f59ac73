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

// Exit statuses. Scripts depend on them.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Environment is the process for the command line, which accesses nothing else of it.
type Environment struct {
	// Program is the path by which the process was started: as kubectl-podstatus, it is a plugin of kubectl.
	Program        string
	Version        string
	Stdin          io.Reader
	Stdout, Stderr *os.File
	// Lookup finds environment variables.
	Lookup func(name string) (string, bool)
	// SetUp prepares the process for a run with this log. undo reverts it.
	SetUp func(log *slog.Logger) (undo func())
	// OnListed is called after each complete list of pods.
	OnListed func()
}

// Run executes the command line and returns the exit status.
func Run(ctx context.Context, args []string, env Environment) int {
	err := execute(ctx, args, env)
	var usage *config.UsageError
	isUsage := errors.As(err, &usage)
	if err == nil || errors.Is(err, app.ErrInterrupted) && !isUsage { // nothing had begun
		return ExitOK
	}
	_, _ = fmt.Fprintf(env.Stderr, "%s: %v\n", env.name(), err)
	if isUsage {
		return ExitUsage
	}
	return ExitFailed
}

// app returns the environment of a run, with a log of this level.
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

// running calls do with the process set up for a run.
func (e Environment) running(o config.Options, do func(env app.Environment) error) error {
	env := e.app(o.Log.Level)
	defer e.SetUp(env.Log)()
	return do(env)
}
