package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	kubelet           = "kubelet"
)

type program struct{ name, pkg string }

func programs() []program {
	return []program{
		{etcd, "go.etcd.io/etcd/server/v3"},
		{apiServer, "k8s.io/kubernetes/cmd/kube-apiserver"},
		{controllerManager, "k8s.io/kubernetes/cmd/kube-controller-manager"},
		{scheduler, "k8s.io/kubernetes/cmd/kube-scheduler"},
		{kwok, "sigs.k8s.io/kwok/cmd/kwok"},
		{kubectl, "k8s.io/kubernetes/cmd/kubectl"},
	}
}

// onRequest returns programs that only test/node runs. They share the dependencies of
// the others.
func onRequest() []program { return []program{{kubelet, "k8s.io/kubernetes/cmd/kubelet"}} }

func newBuildCommand() *cobra.Command {
	var bin string
	cmd := &cobra.Command{
		Use:   "build [PROGRAM...]",
		Short: "Build the programs (minutes at first, seconds with a warm build cache)",
		Long: `Build the programs named, or all that a cluster needs. The kubelet, which only
test/node needs, is built if it is named.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := choose(args)
			if err != nil {
				return err
			}
			return build(cmd.Context(), bin, chosen, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&bin, "bin", "", "folder to build into (default test/cluster/bin)")
	return cmd
}

// choose returns the programs with these names, or those of a cluster without names.
func choose(names []string) ([]program, error) {
	if len(names) == 0 {
		return programs(), nil
	}
	all := slices.Concat(programs(), onRequest())
	chosen := make([]program, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(all, func(p program) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("build %q: no such program", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// build builds one program at a time: linking a big one takes up to 2 GB and all cores.
func build(ctx context.Context, bin string, chosen []program, log io.Writer) error {
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
	for _, p := range chosen {
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

// linkerFlags omits debug information and sets the version as Kubernetes' own build does, for
// /version.
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
