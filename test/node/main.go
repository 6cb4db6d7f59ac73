// Command node runs a Kubernetes cluster of one real node for tests: kubelet,
// containerd and runc beside a real control plane, in namespaces of their own.
// Containers really run, crash, run out of memory and are evicted.
//
// It is a module of its own because containerd's dependencies differ from those
// of the control plane and of the product. Tests that need no containers use
// test/cluster, which starts faster.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "node",
		Short:         "A Kubernetes cluster of one real node for tests",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		newBuildCommand(),
		newImageCommand(),
		newUpCommand(),
		newEnterCommand(),
		newComponentCommand(),
		newDownCommand(),
		newHoldCommand(),
	)
	return root
}

// dirFlag adds the flag that names the cluster.
func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "folder that holds all of the cluster's data (required)")
	if err := cmd.MarkFlagRequired("dir"); err != nil {
		panic(errors.Join(errors.New("mark flag dir"), err))
	}
}
