// Package demo runs the program against a scripted cluster, to show its records
// without a cluster.
package demo

import (
	"context"
	"fmt"
	"maps"

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
	k := newCluster(server, &c.Config)
	first := firstRound()
	first.prepare(k)
	s := show{
		resources: k.versions(),
		play: func(ctx context.Context, passed *progress) {
			first.play(ctx, k, pace, c.Repeat, func() { passed.await(ctx, k.versions()) })
		},
	}
	return app.WatchThrough(ctx, c.Config, env, server.Config(), func(source app.Source) app.Source {
		return func(ctx context.Context, out chan<- watch.Event) error {
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			return s.pass(ctx, stop, source, out)
		}
	})
}

// show is a play that ends.
type show struct {
	resources map[string]string // the watched ones, with their resourceVersions
	play      func(ctx context.Context, passed *progress)
}

// pass passes on the events of a source until the play has ended, as the source itself has no
// end. The play starts after the first list of each resource.
func (s show) pass(ctx context.Context, stop func(), source app.Source, out chan<- watch.Event) error {
	events := make(chan watch.Event)
	go func() {
		defer close(events)
		_ = source(ctx, events)
	}()
	passed, played, unlisted := newProgress(), make(chan struct{}), maps.Clone(s.resources)
	for {
		select {
		case <-played:
			err := ctx.Err()
			stop()
			for range events { // until the source has ended
			}
			return err
		case ev, ok := <-events:
			if !ok {
				return ctx.Err()
			}
			select {
			case out <- ev:
			case <-ctx.Done():
				return ctx.Err()
			}
			passed.reach(ev)
			if _, first := unlisted[ev.Resource]; first && ev.Kind == watch.Listed {
				if delete(unlisted, ev.Resource); len(unlisted) == 0 {
					go func() { defer close(played); s.play(ctx, passed) }()
				}
			}
		}
	}
}
