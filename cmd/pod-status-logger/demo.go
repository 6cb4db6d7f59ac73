package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/watchtest"
)

func demoCommand(env environment) *cobra.Command {
	defaults := DefaultConfig()
	defaults.Log.Level = "warn" // that the pods were listed is nothing to show
	if env.stdout != nil && isTerminal(env.stdout) {
		defaults.Stdout.Format = "pretty"
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show records of a made-up cluster; needs none of your own",
		Long: `Runs the program against a scripted API server in the same process: a healthy
rollout of a Helm release, an image that can't be pulled, a crash loop and an
eviction. The records of one rollout share a bundle version and a trace. It
takes some seconds, and ends by itself or at Ctrl-C.`,
		Example: `  pod-status-logger demo
  pod-status-logger demo -o json --pace 0s | jq -r .msg
  pod-status-logger demo --otlp-endpoint http://localhost:4317`,
		Args: noArguments,
		RunE: configured(env, defaults, func(cmd *cobra.Command, _ []string, c Config) error {
			return demo(cmd.Context(), c, env)
		}),
	}
	addFlags(cmd, defaults, demoFlags, outputFlags, commonFlags)
	return cmd
}

// demo watches a server that plays the script, until all of it has come through.
func demo(ctx context.Context, c Config, env environment) error {
	// The file may say which pods of another cluster to watch.
	c.Watch.Namespaces, c.Watch.Selector, c.Watch.Initial, c.State.Dir = nil, "", "create", ""
	pace, err := duration("pace", c.pace, 0)
	if err != nil {
		return usage(err)
	}
	server, err := watchtest.Start()
	if err != nil {
		return fmt.Errorf("start the scripted API server: %w", err)
	}
	defer server.Close()
	prepare(server)
	s, err := newService(ctx, c, env, server.Config())
	if err != nil {
		return err
	}
	defer s.close()
	all, err := s.streams(server.Config())
	if err != nil {
		return err
	}
	return s.run(ctx, func(ctx context.Context, out chan<- watch.Event) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		return showing(ctx, stop, server, pace, all, out)
	})
}

// showing passes on the events of the streams, from the first list to the last
// event of the script, for the streams themselves have no end.
func showing(ctx context.Context, stop func(), server *watchtest.Server, pace time.Duration, all streams, out chan<- watch.Event) error {
	events := make(chan watch.Event)
	go func() {
		defer close(events)
		_ = all.run(ctx, events)
	}()
	played := make(chan string, 1)
	var once sync.Once
	last, heard := "", ""
	for last == "" || heard != last {
		select {
		case last = <-played:
		case ev, ok := <-events:
			if !ok {
				return ctx.Err()
			}
			if ev.Kind == watch.Listed {
				once.Do(func() { go func() { played <- play(ctx, server, pace) }() })
			}
			heard = ev.ResourceVersion
			select {
			case out <- ev:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	stop()
	for range events { // the streams are ending
	}
	return nil
}
