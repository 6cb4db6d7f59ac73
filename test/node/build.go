package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const containerdModule = "github.com/containerd/containerd/v2"

// Programs of the node. test/cluster builds the control plane and the kubelet,
// because they share their dependencies.
const (
	containerd = "containerd"
	shim       = "containerd-shim-runc-v2"
	ctr        = "ctr"
)

// Images that every node has.
const (
	pauseImage = "node.test/pause:1"
	boxImage   = "node.test/box:1"
)

func newBuildCommand() *cobra.Command {
	var bin string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build containerd and the images (minutes at first, seconds with a warm build cache)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return build(cmd.Context(), bin, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&bin, "bin", "", "folder to build into (default test/node/bin)")
	return cmd
}

func build(ctx context.Context, bin string, log io.Writer) error {
	module, err := moduleDir()
	if err != nil {
		return err
	}
	if bin, err = folderOr(bin, filepath.Join(module, "bin")); err != nil {
		return err
	}
	version, err := runGo(ctx, module, "list", "-m", "-f", "{{.Version}}", containerdModule)
	if err != nil {
		return fmt.Errorf("find version of containerd: %w", err)
	}
	flags := fmt.Sprintf("-s -w -X %s/version.Version=%s", containerdModule, strings.TrimSpace(version))
	for _, name := range []string{containerd, shim, ctr} {
		pkg := containerdModule + "/cmd/" + name
		if err := buildProgram(ctx, log, module, filepath.Join(bin, name), pkg, flags); err != nil {
			return err
		}
	}
	if err := buildProgram(ctx, log, module, filepath.Join(bin, "pause"), "./pause", "-s -w"); err != nil {
		return err
	}
	return buildImages(bin)
}

func buildProgram(ctx context.Context, log io.Writer, module, out, pkg, flags string) error {
	begin := time.Now()
	// The tags leave out snapshotters that need C libraries.
	_, err := runGo(ctx, module, "build", "-trimpath", "-buildvcs=false", "-tags", "no_btrfs,no_devmapper,no_zfs",
		"-ldflags", flags, "-o", out, pkg)
	if err != nil {
		return fmt.Errorf("build %s: %w", filepath.Base(out), err)
	}
	_, err = fmt.Fprintf(log, "built %s in %s\n", out, time.Since(begin).Round(time.Second/10))
	return err
}

func runGo(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

// buildImages writes the archives of both images into bin.
func buildImages(bin string) error {
	err := writeImage(filepath.Join(bin, "pause.tar"), image{
		Name:       pauseImage,
		Entrypoint: []string{"/pause"},
		Files:      []imageFile{{From: filepath.Join(bin, "pause"), To: "/pause"}},
	})
	if err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "box")
	if err != nil {
		return fmt.Errorf("build %s: %w", boxImage, err)
	}
	defer func() { _ = os.RemoveAll(root) }()
	if err := fillBox(root); err != nil {
		return fmt.Errorf("build %s: %w", boxImage, err)
	}
	return writeImage(filepath.Join(bin, "box.tar"), image{
		Name:       boxImage,
		Entrypoint: []string{"/bin/sh"},
		Files:      []imageFile{{From: root, To: "/"}},
	})
}
