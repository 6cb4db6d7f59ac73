package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

func demoCommand(env environment) *cobra.Command {
	defaults := DefaultConfig()
	defaults.Log.Level = "warn" // that the pods were listed is nothing to show
	defaults.Telemetry.Listen = ""
	if env.stdout != nil && isTerminal(env.stdout) {
		defaults.Stdout.Format = "pretty"
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show records of a made-up cluster; needs none of your own",
		Long: `Runs the program against a scripted API server in the same process: a healthy
rollout of a Helm release, an image that can't be pulled, a crash loop and an
eviction. The records of one rollout share a bundle version and a trace. It
takes some seconds, and ends by itself or at Ctrl-C. With --repeat it goes on,
with new pods and versions, until it is stopped.`,
		Example: `  pod-status-logger demo
  pod-status-logger demo -o json --pace 0s | jq -r .msg
  pod-status-logger demo --otlp-endpoint http://localhost:4317`,
		Args: noArguments,
		RunE: configured(env, defaults, func(cmd *cobra.Command, _ []string, c Config) error {
			// The file is about another cluster: which pods of it to watch, where
			// its journal is, on what address it is served.
			c.Watch.Namespaces, c.Watch.Selector, c.Watch.Initial = nil, "", "create"
			if !isGiven(cmd.Flags(), env.lookup, "state-dir") {
				c.State.Dir = ""
			}
			if !isGiven(cmd.Flags(), env.lookup, "listen") {
				c.Telemetry.Listen = ""
			}
			return demo(cmd.Context(), c, env)
		}),
	}
	addFlags(cmd, defaults, demoFlags, listenFlag, stateFlag, outputFlags, commonFlags)
	return cmd
}

// demoHistory is how many changes the server keeps: whoever is further behind
// lists again.
const demoHistory = 1000

// demo watches a server that plays the script, until all of it has come through.
func demo(ctx context.Context, c Config, env environment) error {
	pace, err := duration("pace", c.pace, 0)
	if err != nil {
		return usage(err)
	}
	server, err := apiscript.Start(apiscript.WithHistory(demoHistory), apiscript.WithChanges(demoHistory))
	if err != nil {
		return fmt.Errorf("start the scripted API server: %w", err)
	}
	defer server.Close()
	first := firstRound()
	first.prepare(server)
	s, err := newService(ctx, c, env, server.Config())
	if err != nil {
		return err
	}
	defer s.close()
	all, err := s.streams(server.Config())
	if err != nil {
		return err
	}
	stopServing, err := s.serve(ctx, all)
	if err != nil {
		return err
	}
	defer stopServing()
	return s.run(ctx, func(ctx context.Context, out chan<- watch.Event) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		play := func() string { return first.play(ctx, server, pace, c.repeat) }
		return showing(ctx, stop, play, all, out)
	})
}

// showing passes on the events of the streams, from the first list to the last
// event of the play, for the streams themselves have no end.
func showing(ctx context.Context, stop func(), play func() string, all streams, out chan<- watch.Event) error {
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
				once.Do(func() { go func() { played <- play() }() })
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
