package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
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

// streams are all watches.
type streams []stream

// stream is a watch and the checkpoint from which it resumes; empty: from a list.
type stream struct {
	*watch.Stream

	resource, namespace, checkpoint string
	optional                        bool // the program is ready without it
}

func (s *service) newStreams(cluster *rest.Config) (streams, error) {
	client, err := watch.NewClient(cluster, s.clientTypes()...)
	if err != nil {
		return nil, fmt.Errorf("create API client: %w", err)
	}
	var all streams
	namespaces := slices.Sorted(slices.Values(s.config.WatchedNamespaces()))
	for _, ns := range namespaces {
		all = append(all, s.podStream(client, ns))
	}
	if s.config.Events.Enabled {
		for _, ns := range namespaces {
			all = append(all, s.eventStream(client, ns))
		}
	}
	for _, r := range s.watchedWorkloads() {
		for _, ns := range namespaces {
			all = append(all, s.workloadStream(client, r, ns))
		}
	}
	return all, nil
}

func (s *service) podStream(client *watch.Client, namespace string) stream {
	return s.newStream(s.pipeline.Resume(namespace), watch.Settings{
		Client: client, Resource: watch.Pods(s.pipeline.Annotations()...), Namespace: namespace,
		LabelSelector: s.config.Watch.Selector,
		Known:         func(o watch.Object) bool { return s.pipeline.Known(watch.PodOf(o)) },
	})
}

func (s *service) eventStream(client *watch.Client, namespace string) stream {
	return s.newStream(s.pipeline.ResumeEvents(namespace), watch.Settings{
		Client: client, Resource: watch.Events(), Namespace: namespace, Optional: true,
		FieldSelector: s.eventRules().FieldSelector(),
		Known:         func(o watch.Object) bool { return s.pipeline.KnownEvent(watch.EventOf(o)) },
	})
}

// newStream completes the settings of a stream that resumes there.
func (s *service) newStream(from pipeline.Resume, settings watch.Settings) stream {
	resource := settings.Resource.String()
	settings.Since = s.journal.Stats().Committed
	settings.Compare = from.Compare
	settings.Logger = s.log
	settings.OnGap = func(g watch.Gap) { s.metrics.WatchGaps.WithLabelValues(resource, g.Reason).Inc() }
	settings.OnRestart = func(reason string) { s.metrics.WatchRestarts.WithLabelValues(resource, reason).Inc() }
	return stream{watch.New(settings), resource, settings.Namespace, from.Checkpoint, settings.Optional}
}

// run is the [Source] of all streams. It ends with ctx. Those that the program can do
// without begin when the pods are listed, so that their events find their pods.
func (all streams) run(ctx context.Context, out chan<- watch.Event) error {
	var running sync.WaitGroup
	for _, s := range all {
		running.Go(func() {
			if !s.optional || all.waitForPods(ctx) {
				_ = s.Run(ctx, s.checkpoint, out) // the error is that of ctx
			}
		})
	}
	running.Go(func() { all.checkLists(ctx) })
	running.Wait()
	return ctx.Err()
}

// checkLists checks the right to list, in one namespace after the other. Resumed streams
// list a page at their start.
func (all streams) checkLists(ctx context.Context) {
	for _, s := range all {
		if s.checkpoint == "" && !s.optional && ctx.Err() == nil {
			s.CheckList(ctx)
		}
	}
}

// syncedEvery is how often the streams are asked whether the pods are listed.
const syncedEvery = 50 * time.Millisecond

// waitForPods waits until all pods are sent to the pipeline. It returns false if ctx ended
// before.
func (all streams) waitForPods(ctx context.Context) bool {
	tick := time.NewTicker(syncedEvery)
	defer tick.Stop()
	for !all.synced() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

func (all streams) synced() bool {
	for _, s := range all {
		if !s.optional && !s.Synced() {
			return false
		}
	}
	return true
}
