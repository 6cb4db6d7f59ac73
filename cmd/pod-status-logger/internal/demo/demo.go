// Package demo runs the program against a scripted cluster, to show its records
// without a cluster.
package demo

import (
	"context"
	"fmt"
	"sync"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// history is the number of changes that the server keeps. A watch that is further
// behind has to list again.
const history = 200

// Run emits the records of a server that plays the script, until the script ends.
func Run(ctx context.Context, c config.Options, env app.Environment) error {
	pace, err := config.ParseDuration("pace", c.Pace, 0)
	if err != nil {
		return config.Usage(err)
	}
	server, err := apiscript.Start(apiscript.WithHistory(history), apiscript.WithChanges(history))
	if err != nil {
		return fmt.Errorf("start the scripted API server: %w", err)
	}
	defer server.Close()
	first := firstRound()
	first.prepare(server)
	return app.WatchThrough(ctx, c.Config, env, server.Config(), func(pods app.Source) app.Source {
		return func(ctx context.Context, out chan<- watch.Event) error {
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			play := func() string { return first.play(ctx, server, pace, c.Repeat) }
			return showing(ctx, stop, play, pods, out)
		}
	})
}

// showing passes on the events of the pods until the last one of the play, as the
// source itself has no end. The play starts after the first list.
func showing(ctx context.Context, stop func(), play func() string, pods app.Source, out chan<- watch.Event) error {
	events := make(chan watch.Event)
	go func() {
		defer close(events)
		_ = pods(ctx, events)
	}()
	played := make(chan string, 1)
	var once sync.Once
	last, passed := "", ""
	for last == "" || passed != last {
		select {
		case last = <-played:
		case ev, ok := <-events:
			if !ok {
				return ctx.Err()
			}
			if ev.Kind == watch.Listed {
				once.Do(func() { go func() { played <- play() }() })
			}
			passed = ev.ResourceVersion
			select {
			case out <- ev:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	stop()
	for range events { // until the source has ended
	}
	return nil
}
