// Package app runs the program: it wires the steps of the pipeline together as
// configured, feeds them events, and shuts them down.
package app

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/sdk/resource"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/events"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// service is a run: the steps from a source of events to the sinks.
type service struct {
	config  config.Config
	log     *slog.Logger
	metrics *telemetry.Metrics

	pipeline *pipeline.Pipeline
	journal  *journal.Journal
	stdout   *emit.Stdout // nil: no lines are written
	sender   *otlp.Sender // nil: no records are sent
	traces   *otlp.Sender // nil: no spans are sent

	ownerAnnotations []string // those that plugins need

	stdoutOutage *ratelog.Outage // nil: no lines are written
	closers      closers
}

// newService wires a service and starts its plugins. The owners of pods are looked up in
// the cluster; nil: they are not.
func newService(ctx context.Context, c config.Config, env Environment, cluster *rest.Config) (*service, error) {
	to, err := newDestinations(c, env)
	if err != nil {
		return nil, config.Usage(err)
	}
	if c.Cluster == "" {
		c.Cluster = config.ClusterOf(to.resource)
	}
	s := &service{config: c, log: env.Log, metrics: telemetry.NewMetrics(env.Version)}
	if err := s.open(ctx, env, to, cluster); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// destinations are the OTLP receivers, and the resource attributes of everything
// that is sent there.
type destinations struct {
	records, traces, metrics otlp.Settings
	resource                 *resource.Resource
}

func newDestinations(c config.Config, env Environment) (d destinations, err error) {
	if d.records, err = otlp.SettingsFromEnv(otlp.Logs, c.Receiver(), env.Lookup); err != nil {
		return d, err
	}
	d.metrics, err = c.MetricsReceiver(env.Lookup)
	switch {
	case err == nil:
	case config.MetricsByStandard(env.Lookup): // which was set for all programs of a cluster
		env.Log.Warn("metrics are not sent over OTLP", "error", err)
		d.metrics = otlp.Settings{}
	default:
		return d, err
	}
	d.traces, err = c.TracesReceiver(env.Lookup)
	switch {
	case err == nil:
	case config.TracesByStandard(env.Lookup):
		env.Log.Warn("spans are not sent", "error", err)
		d.traces = otlp.Settings{}
	default:
		return d, err
	}
	d.resource, err = config.SharedResource(env.Lookup)
	return d, err
}

// open opens the parts of the service. close closes those that were
// opened before an error.
func (s *service) open(ctx context.Context, env Environment, to destinations, cluster *rest.Config) error {
	if err := s.openJournal(); err != nil {
		return err
	}
	settings := s.pipelineSettings(env)
	if s.config.Stdout.Enabled {
		s.stdout = s.newStdout(env)
	}
	if to.records.Enabled {
		s.sender = s.newSender(to.records, env)
	}
	if s.stdout == nil && s.sender == nil {
		return config.Usage(errNoSink)
	}
	chain, annotations, err := s.openPlugins(ctx, env, cluster)
	if err != nil {
		return err
	}
	if chain != nil {
		settings.Enricher, settings.Rules.Annotations = chain, annotations
	}
	settings.Emitter = emit.New(emit.Settings{
		Cluster: s.config.Cluster, Version: env.Version, Resource: to.resource,
		Stdout: s.stdout, OTLP: to.records.Enabled,
	})
	if s.stdout != nil {
		settings.Unwritten = s.unwritten(env)
	}
	s.makeSpans(&settings, to, env)
	s.pipeline = pipeline.New(settings)
	s.metrics.RegisterPods(s.pipeline.Pods)
	s.metrics.RegisterBusy(s.pipeline.Busy)
	if settings.Events != nil {
		s.metrics.RegisterEvents(s.pipeline.Events)
	}
	if settings.Workloads != nil {
		s.metrics.RegisterWorkloads(s.pipeline.Workloads)
	}
	if err := s.resume(); err != nil {
		return err
	}
	return config.Usage(s.pushMetrics(ctx, to.metrics, to.resource, env))
}

var errNoSink = errors.New("records have no destination: stdout is off and no OTLP receiver is configured")

func (s *service) pipelineSettings(env Environment) pipeline.Settings {
	return pipeline.Settings{
		Journal:  s.journal,
		Stored:   s.config.State.Dir != "",
		Selector: s.config.Watch.Selector,
		Rules: status.Rules{
			Cluster:           s.config.Cluster,
			EveryUpdate:       s.config.Watch.Updates == "all",
			ServiceFromLabels: s.config.Service.FromLabels,
		},
		SkipInitial: s.config.Watch.Initial == "none",
		OnDropped: func(d journal.Drop) {
			s.log.Warn("the journal was full: the oldest records were dropped before they were sent",
				"records", d.Records, "first_seq", d.FirstSeq, "last_seq", d.LastSeq)
		},
		OnListed: env.OnListed,
		Events:   s.eventSettings(), Workloads: s.workloadRules(),
		Meter: s.metrics,
	}
}

// eventSettings returns the settings for Events, nil if they are not watched.
func (s *service) eventSettings() *pipeline.EventSettings {
	if !s.config.Events.Enabled {
		return nil
	}
	return &pipeline.EventSettings{
		Rules: s.eventRules(), Tracked: s.config.Events.MaxTracked, Since: s.journal.Stats().Committed,
		OnEvicted: func(evicted uint64) {
			s.log.Warn("events.maxTracked is reached: Events that have not changed for the longest time are no longer "+
				"tracked; if they change again, a record may be emitted twice, with one record_id", "evicted", evicted)
		},
	}
}

func (s *service) eventRules() events.Rules {
	return events.Rules{
		Cluster: s.config.Cluster, Reasons: s.config.Events.Reasons, Types: s.config.Events.Types,
		PodsOnly: s.config.Watch.Selector != "",
	}
}
