package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func newEnterCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "enter -- COMMAND [ARGUMENT...]",
		Short: "Run a command in the node's namespaces, as its administrator",
		Long: `Run a command in the node's network, mount and process namespaces. kubectl and ctr
are on its PATH and find the node. Signals are passed on and the exit code is returned.`,
		Example: "  node enter --dir /tmp/n -- kubectl get pods -A",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return enter(dir, args)
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

func enter(dir string, args []string) error {
	f, s, err := load(dir)
	if err != nil {
		return err
	}
	env := f.environment(s)
	path, err := lookPath(args[0], s)
	if err != nil {
		return fmt.Errorf("enter the node: %w", err)
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Env = env
	// Entering a mount namespace leads to its root folder.
	if cmd.Dir, err = os.Getwd(); err != nil {
		return fmt.Errorf("enter the node: %w", err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	return f.inside(func() error {
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("enter the node: %w", err)
		}
		go func() {
			for s := range signals {
				_ = cmd.Process.Signal(s)
			}
		}()
		return cmd.Wait()
	})
}

// lookPath finds a program among the node's, then on PATH.
func lookPath(name string, s state) (string, error) {
	for _, dir := range []string{s.Bin, s.ClusterBin} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); !strings.Contains(name, "/") && err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return exec.LookPath(name)
}

func (f folder) environment(s state) []string {
	return append(os.Environ(),
		"KUBECONFIG="+f.kubeconfig(adminUser),
		"CONTAINERD_ADDRESS="+containerdSocket,
		"CONTAINERD_NAMESPACE=k8s.io",
		"PATH="+strings.Join([]string{s.Bin, s.ClusterBin, os.Getenv("PATH")}, ":"),
	)
}
