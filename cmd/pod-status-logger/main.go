// Command pod-status-logger watches the pods of a Kubernetes cluster and emits
// one record for every change in a pod's life, on stdout and over OTLP.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses. Scripts rely on them.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	signal.Ignore(syscall.SIGXFSZ) // a limit on files is as a disk that is full
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the program in good order, a second one at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], environment{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv,
	}))
}

// environment is what the program gets from outside.
type environment struct {
	stdin          io.Reader
	stdout, stderr *os.File
	lookup         func(name string) (string, bool)
}

// errInterrupted is why a command ended that had not begun: there was a signal.
var errInterrupted = errors.New("interrupted")

// run executes the command line and returns the exit status.
func run(ctx context.Context, args []string, env environment) int {
	err := execute(ctx, args, env)
	var mistake *usageError
	isUsage := errors.As(err, &mistake)
	if err == nil || errors.Is(err, errInterrupted) && !isUsage { // nothing is left
		return exitOK
	}
	_, _ = fmt.Fprintf(env.stderr, "pod-status-logger: %v\n", err)
	if isUsage {
		return exitUsage
	}
	return exitFailed
}

// usageError is a mistake in a flag, an environment variable, an argument or
// the configuration: nothing was done.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}
