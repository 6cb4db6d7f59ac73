package app

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Watch watches the pods of a cluster until ctx ends.
func Watch(ctx context.Context, c config.Config, env Environment, client *rest.Config) error {
	s, err := New(ctx, c, env, client)
	if err != nil {
		return err
	}
	defer s.Close()
	streams, err := s.Streams(client)
	if err != nil {
		return config.Usage(err)
	}
	stop, err := s.Serve(ctx, streams)
	if err != nil {
		return err
	}
	defer stop()
	s.log.Info("watching pods", "server", client.Host, "namespaces", strings.Join(allIfNone(c.Watch.Namespaces), ","), "selector", c.Watch.Selector)
	return s.Run(ctx, streams.Run)
}

func allIfNone(namespaces []string) []string {
	if len(namespaces) == 0 {
		return []string{"all"}
	}
	return namespaces
}

// Streams are the watches of the configuration's namespaces.
type Streams map[string]resumed

// resumed is a watch, and from where it goes on.
type resumed struct {
	*watch.Stream
	from string
}

// Streams prepares the watches.
func (s *Service) Streams(cluster *rest.Config) (Streams, error) {
	client, err := watch.NewClient(cluster)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	for _, reason := range watch.Reasons() {
		s.metrics.WatchRestarts.WithLabelValues(reason)
	}
	for _, reason := range watch.GapReasons() {
		s.metrics.WatchGaps.WithLabelValues(reason)
	}
	all := make(Streams)
	for _, ns := range s.config.WatchedNamespaces() {
		from := s.pipeline.Resume(ns)
		all[ns] = resumed{from: from.Checkpoint, Stream: watch.New(watch.Settings{
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

// Run runs the streams until ctx ends.
func (all Streams) Run(ctx context.Context, out chan<- watch.Event) error {
	var wg sync.WaitGroup
	for _, stream := range all {
		wg.Go(func() { _ = stream.Run(ctx, stream.from, out) }) // returns only ctx's error
		if stream.from == "" {
			wg.Go(func() { stream.CheckList(ctx) }) // others list as they resume
		}
	}
	wg.Wait()
	return ctx.Err()
}

const (
	// maxSilence is how long a stream may be silent before the program is not
	// ready. API servers send a bookmark about every minute, and where they don't
	// the stream asks anew before, after [watch.DefaultSilence].
	maxSilence = 2 * time.Minute
	// maxBusy is how long a group may take to be written.
	maxBusy = 10 * time.Second
	// fullPercent of its capacity is what makes a journal full: a group more may
	// have no room.
	fullPercent = 95
)

// Serve answers metrics and health until the returned function is called.
func (s *Service) Serve(ctx context.Context, all Streams) (stop func(), err error) {
	checks := s.checks(all)
	s.metrics.RegisterReady(checks)
	if s.config.Telemetry.Listen == "" {
		return func() {}, nil
	}
	server, err := telemetry.Listen(ctx, telemetry.Settings{
		Address: s.config.Telemetry.Listen, Metrics: s.metrics.Registry, Checks: checks,
		Pprof: s.config.Telemetry.Pprof, Logger: s.log,
	})
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen, or none with --listen=", err)
	}
	s.log.Info("serving /metrics, /livez and /readyz", "address", server.Addr().String())
	if s.config.Telemetry.Pprof && !isLoopback(server.Addr()) {
		s.log.Warn("profiles are served to whoever reaches this address; they tell what is in the program's memory", "address", server.Addr().String(), "path", "/debug/pprof/")
	}
	go func() {
		if err := server.Serve(); err != nil {
			s.log.Error("metrics and health are not served any more", "error", err)
		}
	}()
	return func() { _ = server.Close() }, nil
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// checks are what has to be well for the program to be ready.
func (s *Service) checks(all Streams) telemetry.Checks {
	start := time.Now()
	checks := telemetry.Checks{
		{Name: "journal", Failure: func() error { return s.checkJournal(s.journal.Stats()) }},
		{Name: "records", Failure: s.checkBusy},
	}
	for _, ns := range slices.Sorted(maps.Keys(all)) {
		stream := all[ns]
		silence := func() time.Duration {
			heard := stream.Heard()
			if heard.IsZero() {
				heard = start
			}
			return time.Since(heard)
		}
		s.metrics.RegisterStream(ns, silence)
		checks = append(checks, telemetry.Check{
			Name:    "watch of " + scope(ns),
			Failure: func() error { return checkStream(ns, stream.Stream, silence()) },
		})
	}
	return checks
}

func (s *Service) checkBusy() error {
	busy := s.pipeline.Busy()
	if busy <= maxBusy || s.holdup() != holdupStdout { // the journal has a check of its own
		return nil
	}
	if s.stdoutTrouble != nil && s.stdoutTrouble.Err() != nil {
		return fmt.Errorf("records can't be written for %v: %w", busy.Round(time.Second), s.stdoutTrouble.Err())
	}
	return fmt.Errorf("records can't be written for %v: is stdout read?", busy.Round(time.Second))
}

func (s *Service) checkJournal(j journal.Stats) error {
	full := !j.BlockedSince.IsZero() || j.Bytes+j.DeadBytes > j.Capacity/100*fullPercent && !s.config.State.DropsOldest()
	switch {
	case j.Failing != "":
		return fmt.Errorf("the journal can't be written: %s", j.Failing)
	case full && j.DeadBytes > j.Capacity/2:
		return fmt.Errorf("the journal is full of dead letters: %d records that the OTLP receiver refuses; see journal dead-letter", j.DeadRecords)
	case full:
		return fmt.Errorf("the journal is full: %d records wait for the OTLP receiver", j.Records)
	}
	return nil
}

func checkStream(ns string, stream *watch.Stream, silence time.Duration) error {
	switch {
	case stream.Denied() != "":
		return fmt.Errorf("watch of %s: %s", scope(ns), stream.Denied())
	case !stream.Synced():
		return fmt.Errorf("watch of %s: the pods are not listed yet", scope(ns))
	case silence > maxSilence:
		return fmt.Errorf("watch of %s: neither event nor bookmark for %v", scope(ns), silence.Round(time.Second))
	}
	return nil
}

func scope(ns string) string {
	if ns == "" {
		return "all namespaces"
	}
	return "namespace " + ns
}
