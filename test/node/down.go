package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/cobra"
)

func newDownCommand() *cobra.Command {
	var dir string
	var afterStdin bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "End a node and remove its namespaces and control group; its folder stays",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := openFolder(dir)
			if err != nil {
				return err
			}
			if afterStdin {
				if _, err := io.Copy(io.Discard, cmd.InOrStdin()); err != nil {
					return fmt.Errorf("wait for the end of stdin: %w", err)
				}
			}
			// Not the command's context: a signal must not keep it from cleaning up.
			return f.down(context.WithoutCancel(cmd.Context()))
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().BoolVar(&afterStdin, "after-stdin", false,
		"wait for the end of stdin first: a pipe from a test ends with the test, however that ends")
	return cmd
}

// down can be called at any time, and again: after an up that failed or was
// killed as well. The kernel ends every process in a process namespace with its
// first one, and drops mounts and interfaces with the last.
func (f folder) down(ctx context.Context) error {
	if _, err := os.Stat(string(f)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := f.end(ctx, holderName, syscall.SIGKILL); err != nil {
		return err
	}
	return f.removeCgroup(ctx)
}
