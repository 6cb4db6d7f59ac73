package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

func newKillCommand() *cobra.Command {
	return newComponentCommand("kill", "Kill a component (SIGKILL), as a crash would", kill)
}

func newStartCommand() *cobra.Command {
	var more []string
	cmd := newComponentCommand("start",
		"Start a killed component again, with the same arguments, and wait until it is ready",
		func(ctx context.Context, dir, name string) error { return start(ctx, dir, name, more) })
	cmd.Flags().StringArrayVar(&more, "arg", nil, "further argument, for this start alone (repeat for more)")
	return cmd
}

func newComponentCommand(verb, short string, do func(ctx context.Context, dir, name string) error) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   verb + " COMPONENT",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd.Context(), dir, args[0])
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

func kill(ctx context.Context, dir, name string) error {
	f, s, err := load(dir)
	if err != nil {
		return err
	}
	c, err := s.component(name)
	if err != nil {
		return err
	}
	pid, err := f.running(c.Name)
	if err != nil {
		return err
	}
	if pid == 0 {
		return fmt.Errorf("kill %s: it does not run", c.Name)
	}
	return f.kill(ctx, c.Name)
}

func start(ctx context.Context, dir, name string, more []string) error {
	f, s, err := load(dir)
	if err != nil {
		return err
	}
	c, err := s.component(name)
	if err != nil {
		return err
	}
	c.Args = slices.Concat(c.Args, more)
	if err := f.launch(ctx, c); err != nil {
		return err
	}
	if name != etcd && name != apiServer {
		return nil
	}
	return f.wakeKwok(ctx, s)
}

// wakeKwok restarts kwok if it runs. kwok abandons a change that failed for another reason than
// a refused connection, such as an EOF when the API server dies. The pod would keep its state
// until its next change, but a kubelet would retry. A new kwok processes all pods again.
func (f folder) wakeKwok(ctx context.Context, s state) error {
	pid, err := f.running(kwok)
	if err != nil || pid == 0 {
		return err
	}
	// If etcd starts before the API server, the start of the latter wakes kwok, which can't
	// start without it.
	server, err := s.component(apiServer)
	if err != nil {
		return err
	}
	pid, err = f.running(apiServer)
	if err != nil || pid == 0 {
		return err
	}
	if err := f.awaitReady(ctx, server); err != nil {
		return err
	}
	c, err := s.component(kwok)
	if err != nil {
		return err
	}
	if err := f.kill(ctx, kwok); err != nil {
		return err
	}
	return f.launch(ctx, c)
}
