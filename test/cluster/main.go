// Command cluster builds and runs a real Kubernetes control plane for tests: etcd,
// kube-apiserver, kube-controller-manager and kube-scheduler of one released version, with kwok
// instead of kubelets. kwok's stages (stages/*.yaml) define the lives of pods; no container
// runs.
//
// It is a module of its own, so that the product's go.mod stays small. You
// don't need it for unit tests: core/apiscript scripts an API server
// that starts in a millisecond.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "A real Kubernetes control plane for tests",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		newBuildCommand(),
		newUpCommand(),
		newKillCommand(),
		newStartCommand(),
		newDownCommand(),
		newHistoryCommand(),
		newCompactCommand(),
	)
	return root
}

// dirFlag adds the flag that all commands but build share.
func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "folder that holds all of the cluster's data (required)")
	if err := cmd.MarkFlagRequired("dir"); err != nil {
		panic(errors.Join(errors.New("mark flag dir"), err))
	}
}
