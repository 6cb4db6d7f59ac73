package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

const (
	// termPatience is short: a test cluster has nothing to save.
	termPatience = 5 * time.Second
	killPatience = 10 * time.Second
)

func newDownCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop a cluster; data and logs stay",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return down(cmd.Context(), dir)
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

// down needs no cluster.json: it also cleans up after an up that was killed.
func down(ctx context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("stop cluster in %q: %w", dir, err)
	}
	if _, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return folder(abs).stopAll(ctx)
}

// stopAll stops clients before servers, so that no client hangs in a request. It continues if
// one of them can't be stopped.
func (f folder) stopAll(ctx context.Context) error {
	var errs []error
	for _, p := range slices.Backward(programs()) {
		errs = append(errs, f.stop(ctx, p.name))
	}
	return errors.Join(errs...)
}

func (f folder) stop(ctx context.Context, name string) error {
	gone, err := f.signal(ctx, name, syscall.SIGTERM, termPatience)
	if err != nil || gone {
		return err
	}
	return f.kill(ctx, name)
}

func (f folder) kill(ctx context.Context, name string) error {
	gone, err := f.signal(ctx, name, syscall.SIGKILL, killPatience)
	if err != nil {
		return err
	}
	if !gone {
		return fmt.Errorf("stop %s: still there %s after SIGKILL", name, killPatience)
	}
	return nil
}
