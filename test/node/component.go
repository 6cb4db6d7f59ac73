package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

const (
	// readyPatience is generous: in CI the node shares two cores with a test run.
	readyPatience = 2 * time.Minute
	stopPatience  = time.Minute
)

// component is one of the node's programs and its arguments.
type component struct {
	Name string   `json:"name"`
	Path string   `json:"path"`
	Args []string `json:"args"`
	// Health is the URL that answers 200 as soon as the component works; containerd
	// has none.
	Health string `json:"health"`
}

func newComponentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "component",
		Short: "Start, stop or kill one of the programs of a node that is up",
	}
	cmd.AddCommand(
		newActionCommand("start", "Start a component with its old arguments, and wait until it is ready", startComponent),
		newActionCommand("stop", "Stop a component (SIGTERM), and wait until it has exited",
			func(ctx context.Context, f folder, c component) error {
				return f.end(ctx, c.Name, syscall.SIGTERM)
			}),
		newActionCommand("kill", "Kill a component (SIGKILL), as a crash would",
			func(ctx context.Context, f folder, c component) error {
				return f.end(ctx, c.Name, syscall.SIGKILL)
			}),
	)
	return cmd
}

func newActionCommand(verb, short string, act func(context.Context, folder, component) error) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   verb + " NAME",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, s, err := load(dir)
			if err != nil {
				return err
			}
			c, err := s.component(args[0])
			if err != nil {
				return err
			}
			return act(cmd.Context(), f, c)
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

func startComponent(ctx context.Context, f folder, c component) error {
	process, err := f.running(c.Name)
	if err != nil {
		return err
	}
	if process != nil {
		return fmt.Errorf("start %s: already running", c.Name)
	}
	return f.launch(ctx, c)
}

// launch starts a component and waits until it works.
func (f folder) launch(ctx context.Context, c component) error {
	if err := f.spawn(c); err != nil {
		return err
	}
	return f.awaitReady(ctx, c)
}

func (f folder) spawn(c component) error {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir = string(f)
	// containerd has to find its own shim, not that of another containerd.
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(c.Path)+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return f.startDetached(c.Name, cmd, func() error { return f.inside(cmd.Start) })
}

// startDetached starts a process that outlives this one, with its output in its
// log file.
func (f folder) startDetached(name string, cmd *exec.Cmd, start func() error) error {
	log, err := os.OpenFile(f.log(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	if err := start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	err = f.remember(name, cmd.Process.Pid)
	if errors.Is(err, errNoProcess) {
		err = fmt.Errorf("exited at once\n%s", tail(f.log(name), 20))
	}
	if err != nil {
		_ = cmd.Process.Kill()
		return fmt.Errorf("start %s: %w", name, err)
	}
	// Collected while this process runs: the holder can't end before every process in
	// its namespace has been.
	go func() { _ = cmd.Wait() }()
	return nil
}

// tail returns the last lines of a file, or the reason that there are none.
func tail(path string, lines int) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return []byte("(empty)")
	}
	parts := bytes.Split(text, []byte("\n"))
	return bytes.Join(parts[max(0, len(parts)-lines):], []byte("\n"))
}
