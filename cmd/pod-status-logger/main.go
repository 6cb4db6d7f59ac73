// Command pod-status-logger watches the pods of a Kubernetes cluster and emits a
// record for every change in a pod's life, on stdout and over OTLP.
//
// Package main sets the process up and ends it. All else is in the packages under
// internal, which read neither the environment nor the process's files.
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
	closeToOthers()
	signal.Ignore(syscall.SIGXFSZ) // a limit of file sizes is an error of writing, like a full disk
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal shuts the program down, a second one kills it.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], environment(os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)))
}

// environment returns the process for the command line.
func environment(stdin io.Reader, stdout, stderr *os.File, lookup func(string) (string, bool)) cli.Environment {
	return cli.Environment{
		Program: os.Args[0],
		Version: buildVersion(), Stdin: stdin, Stdout: stdout, Stderr: stderr, Lookup: lookup,
		SetUp: func(log *slog.Logger) (undo func()) {
			redirectLibraryLogs(log)
			return tuneGC(lookup)
		},
		OnListed: freeGarbageOfList,
	}
}
