package app

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Watch emits records of the pods of a cluster until ctx ends.
func Watch(ctx context.Context, c config.Config, env Environment, cluster *rest.Config) error {
	return WatchThrough(ctx, c, env, cluster, func(pods Source) Source { return pods })
}

// WatchThrough is [Watch] with the source that wrap makes of the pods of the cluster.
func WatchThrough(
	ctx context.Context, c config.Config, env Environment, cluster *rest.Config, wrap func(pods Source) Source,
) error {
	s, err := newService(ctx, c, env, cluster)
	if err != nil {
		return err
	}
	defer s.close()
	all, err := s.newStreams(cluster)
	if err != nil {
		return config.Usage(err)
	}
	if err := s.serve(ctx, all); err != nil {
		return err
	}
	s.log.Info("watching pods", "server", cluster.Host, "namespaces", namespacesText(c.Watch.Namespaces),
		"selector", c.Watch.Selector)
	return s.run(ctx, wrap(all.run))
}

func namespacesText(namespaces []string) string {
	if len(namespaces) == 0 {
		return "all"
	}
	return strings.Join(namespaces, ",")
}

// streams are the watches, by namespace.
type streams map[string]stream

// stream is a watch and the checkpoint from which it resumes; empty: from a list.
type stream struct {
	*watch.Stream
	checkpoint string
}

func (s *service) newStreams(cluster *rest.Config) (streams, error) {
	client, err := watch.NewClient(cluster)
	if err != nil {
		return nil, fmt.Errorf("create API client: %w", err)
	}
	for _, reason := range watch.Reasons() {
		s.metrics.WatchRestarts.WithLabelValues(reason)
	}
	for _, reason := range watch.GapReasons() {
		s.metrics.WatchGaps.WithLabelValues(reason)
	}
	all := make(streams)
	for _, ns := range s.config.WatchedNamespaces() {
		from := s.pipeline.Resume(ns)
		all[ns] = stream{checkpoint: from.Checkpoint, Stream: watch.New(watch.Settings{
			Client:        client,
			Resource:      watch.Pods(s.pipeline.Annotations()...),
			Namespace:     ns,
			LabelSelector: s.config.Watch.Selector,
			Since:         s.journal.Stats().Committed,
			Known:         func(o watch.Object) bool { return s.pipeline.Known(watch.PodOf(o)) },
			Compare:       from.Compare,
			Logger:        s.log,
			OnGap:         func(g watch.Gap) { s.metrics.WatchGaps.WithLabelValues(g.Reason).Inc() },
			OnRestart:     func(reason string) { s.metrics.WatchRestarts.WithLabelValues(reason).Inc() },
		})}
	}
	return all, nil
}

// run is the [Source] of all streams. It ends with ctx.
func (all streams) run(ctx context.Context, out chan<- watch.Event) error {
	var running sync.WaitGroup
	for _, s := range all {
		running.Go(func() { _ = s.Run(ctx, s.checkpoint, out) }) // the error is that of ctx
	}
	running.Go(func() { all.checkLists(ctx) })
	running.Wait()
	return ctx.Err()
}

// checkLists checks the right to list, in one namespace after the other. Resumed streams
// list a page at their start.
func (all streams) checkLists(ctx context.Context) {
	for _, s := range all {
		if s.checkpoint == "" && ctx.Err() == nil {
			s.CheckList(ctx)
		}
	}
}
