// Command pod-status-logger watches the pods of a Kubernetes cluster and emits
// one record for every change in a pod's life, on stdout and over OTLP.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
)

func main() {
	signal.Ignore(syscall.SIGXFSZ) // a limit on files is as a disk that is full
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the program in good order, a second one at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], environment(os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)))
}

// environment is what the program gets from outside.
func environment(stdin io.Reader, stdout, stderr *os.File, lookup func(name string) (string, bool)) cli.Environment {
	return cli.Environment{
		Version: buildVersion(), Stdin: stdin, Stdout: stdout, Stderr: stderr, Lookup: lookup,
		SetUp: func(log *slog.Logger) (undo func()) {
			takeLibraryLogs(log)
			return keepGarbageRoom(lookup)
		},
		OnListed: freeListed,
	}
}
