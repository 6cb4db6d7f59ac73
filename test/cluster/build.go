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

// The programs, in the order in which they start, and kubectl; each is also a tool in
// go.mod, which pins its version.
const (
	etcd              = "etcd"
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kwok              = "kwok"
	kubectl           = "kubectl"
)

var programs = []struct{ name, pkg string }{
	{etcd, "go.etcd.io/etcd/server/v3"},
	{apiServer, "k8s.io/kubernetes/cmd/kube-apiserver"},
	{controllerManager, "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{scheduler, "k8s.io/kubernetes/cmd/kube-scheduler"},
	{kwok, "sigs.k8s.io/kwok/cmd/kwok"},
	{kubectl, "k8s.io/kubernetes/cmd/kubectl"},
}

func newBuildCommand() *cobra.Command {
	var bin string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the programs (minutes at first, seconds with a warm build cache)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return build(cmd.Context(), bin, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&bin, "bin", "", "folder to build into (default test/cluster/bin)")
	return cmd
}

// build builds one program at a time: each link of the big ones takes up to
// 2 GB and all cores.
func build(ctx context.Context, bin string, log io.Writer) error {
	bin, err := binDir(bin)
	if err != nil {
		return err
	}
	module, err := moduleDir()
	if err != nil {
		return err
	}
	ldflags, err := linkerFlags(ctx, module)
	if err != nil {
		return err
	}
	for _, p := range programs {
		begin := time.Now()
		out := filepath.Join(bin, p.name)
		args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", out, p.pkg}
		if _, err := runGo(ctx, module, args...); err != nil {
			return fmt.Errorf("build %s: %w", p.name, err)
		}
		_, _ = fmt.Fprintf(log, "built %s in %s\n", out, time.Since(begin).Round(time.Second/10))
	}
	return nil
}

// linkerFlags leaves out what debuggers need and puts in the version, which
// Kubernetes' own build puts in and /version shows.
func linkerFlags(ctx context.Context, module string) (string, error) {
	out, err := runGo(ctx, module, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return "", fmt.Errorf("find version of k8s.io/kubernetes: %w", err)
	}
	return versionFlags(strings.TrimSpace(out))
}

func versionFlags(version string) (string, error) {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 3 {
		return "", fmt.Errorf("read version %q: want vMAJOR.MINOR.PATCH", version)
	}
	const pkg = "k8s.io/component-base/version"
	return fmt.Sprintf("-s -w -X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s",
		pkg, version, parts[0], parts[1]), nil
}

func runGo(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(out), err
}
