// Package app runs the program: it puts the steps together from the
// configuration, feeds them, and ends them in good order.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/owner"
	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// Service is the way of an event from the channel to the sinks, put together
// from the configuration. run, demo and replay differ in where events come from.
type Service struct {
	config  config.Config
	log     *slog.Logger
	metrics *telemetry.Metrics

	emitter  *emit.Emitter
	pipeline *pipeline.Pipeline
	journal  *journal.Journal
	stdout   *emit.Stdout      // nil: no lines are written
	sender   *otlp.Sender      // nil: nothing is sent
	enricher *enrich.Chain     // nil: no plugins
	plugins  *pluginhost.Host  // likewise
	owners   *owner.Finder     // nil: nobody needs them
	pusher   *telemetry.Pusher // nil: metrics are not sent

	stdoutTrouble *ratelog.Outage // nil: no lines are written
}

var errNoSink = errors.New("nowhere to write records to: stdout is off and no OTLP receiver is named")

// Source sends events until it has no more or ctx ends, and returns why it ended
// early.
type Source func(ctx context.Context, out chan<- watch.Event) error

// New puts a service together, and starts its plugins, which Close ends.
// cluster is where the owners of pods are looked up; nil: nowhere.
func New(ctx context.Context, c config.Config, env Environment, cluster *rest.Config) (*Service, error) {
	receiver, err := otlp.SettingsFromEnv(otlp.Logs, c.Receiver(), env.Lookup)
	if err != nil {
		return nil, config.Usage(err)
	}
	metricsReceiver, noMetrics := c.MetricsReceiver(env.Lookup)
	if noMetrics != nil && !config.MetricsByStandard(env.Lookup) {
		return nil, config.Usage(noMetrics)
	}
	shared, err := config.SharedResource(env.Lookup)
	if err != nil {
		return nil, config.Usage(err)
	}
	if c.Cluster == "" {
		c.Cluster = config.ClusterOf(shared)
	}
	s := &Service{config: c, log: env.Log, metrics: telemetry.NewMetrics(env.Version)}
	if noMetrics != nil {
		s.log.Warn("metrics are not sent over OTLP", "error", noMetrics)
		metricsReceiver = otlp.Settings{}
	}

	if err := s.openJournal(); err != nil {
		return nil, err
	}
	settings := pipeline.Settings{
		Journal:     s.journal,
		Stored:      c.State.Dir != "",
		Selector:    c.Watch.Selector,
		Rules:       status.Rules{Cluster: c.Cluster, EveryUpdate: c.Watch.Updates == "all", ServiceFromLabels: c.Service.FromLabels},
		SkipInitial: c.Watch.Initial == "none",
		OnDropped: func(d journal.Drop) {
			s.log.Warn("the journal was full: the oldest records were dropped before they were sent", "records", d.Records, "first_seq", d.FirstSeq, "last_seq", d.LastSeq)
		},
		Meter: s.metrics,
	}
	var sinks []sdklog.Processor
	if c.Stdout.Enabled {
		s.stdout = s.newStdout(env)
		sinks = append(sinks, s.stdout)
		settings.Lines = s.stdout.Lines
	}
	if receiver.Enabled {
		processor := emit.NewProcessor()
		sinks = append(sinks, processor)
		s.send(receiver, env)
		settings.Encoded = processor.Take
	}
	if len(sinks) == 0 {
		s.Close()
		return nil, config.Usage(errNoSink)
	}
	if settings.Rules.Annotations, err = s.enrich(ctx, env, cluster); err != nil {
		s.Close()
		return nil, err
	}
	if s.enricher != nil {
		settings.Enricher = s.enricher
	}
	s.emitter = emit.New(emit.Settings{Cluster: c.Cluster, Version: env.Version, Resource: shared, Sinks: sinks})
	settings.Emitter = s.emitter
	s.pipeline = pipeline.New(settings)
	s.metrics.RegisterPods(s.pipeline.Pods)
	s.metrics.RegisterBusy(s.pipeline.Busy)
	if err := s.restore(env); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.pushMetrics(ctx, metricsReceiver, shared, env); err != nil {
		s.Close()
		return nil, config.Usage(err)
	}
	return s, nil
}

// newStdout returns the processor that writes lines.
func (s *Service) newStdout(env Environment) *emit.Stdout {
	var format emit.Format = emit.NewJSON(config.PluginNames(s.config.Plugins)...)
	if s.config.Stdout.Format == "pretty" {
		format = emit.Pretty{Color: env.Color, Width: env.Width}
	}
	s.stdoutTrouble = newOutage(s.log, "stdout takes no records, trying again", "stdout takes records again")
	return emit.NewStdout(env.Stdout, format, func(err error) {
		s.metrics.StdoutWriteErrors.Inc()
		s.stdoutTrouble.Fail(err)
	})
}

// newOutage returns an outage of something that is tried again every few seconds at most.
func newOutage(log *slog.Logger, failing, recovered string) *ratelog.Outage {
	return ratelog.NewOutage(ratelog.Settings{
		Logger: log, Failing: failing, Level: slog.LevelError, Every: time.Minute, Recovered: recovered, Quiet: 10 * time.Second,
	})
}

// send prepares the sender.
func (s *Service) send(receiver otlp.Settings, env Environment) {
	for _, o := range []otlp.Outcome{otlp.Delivered, otlp.Retried, otlp.Split, otlp.Refused, otlp.Cancelled} {
		s.metrics.OTLPRequests.WithLabelValues(string(o))
	}
	receiver.UserAgent = env.userAgent()
	s.sender = otlp.NewSender(receiver, s.journal, otlp.Hooks{OnRequest: s.countRequest}, s.log)
	s.log.Info("sending records", "receiver", receiver)
}

func (s *Service) countRequest(r otlp.Request) {
	s.metrics.OTLPRequests.WithLabelValues(string(r.Outcome)).Inc()
	switch r.Outcome {
	case otlp.Delivered:
		s.metrics.OTLPSentBytes.Add(float64(r.Bytes))
	case otlp.Retried:
		s.metrics.OTLPRetries.Inc()
	case otlp.Split, otlp.Refused, otlp.Cancelled:
	}
}

// maxWaiting is the number of events between the watch and the pipeline: enough
// for a group, few enough to cost nothing.
const maxWaiting = 256

// Run takes events from the source until that ends, or until ctx does, and then
// writes and sends what is there. A signal gives that the shutdown timeout.
func (s *Service) Run(ctx context.Context, from Source) error {
	// What is under way goes on after the signal; patience ends it.
	patient, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() {
		s.log.Info("stopping; a second signal stops at once", "timeout", s.config.GracePeriod())
		if s.sender != nil {
			s.sender.Hurry() // a full journal may be what holds up the rest
		}
		time.AfterFunc(s.config.GracePeriod(), giveUp)
	})()

	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	defer parts.Wait()
	defer stopSending()
	if s.sender != nil {
		parts.Go(func() { s.keepSending(sending) })
	}

	events := make(chan watch.Event, maxWaiting)
	sourced := make(chan error, 1)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	go func() {
		defer close(events)
		sourced <- from(reading, events)
	}()
	return s.finish(ctx, patient, stopReading, events, sourced)
}

// keepSending runs the sender until ctx ends or everything is sent. What ends it
// otherwise is trouble with the journal, which may pass.
func (s *Service) keepSending(ctx context.Context) {
	const pause = 5 * time.Second
	for {
		err := s.sender.Run(ctx)
		if err == nil {
			return
		}
		s.log.Error("sending was interrupted, trying again", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// finish conducts the events, then waits until all is delivered.
func (s *Service) finish(ctx, patient context.Context, stopReading func(), events <-chan watch.Event, sourced <-chan error) error {
	// A write that blocks can't be cancelled, so it is left behind.
	conducted := make(chan error, 1)
	go func() { conducted <- s.pipeline.Run(patient, events) }()
	var err error
	select {
	case err = <-conducted:
	case <-patient.Done():
	}
	if patient.Err() != nil {
		return s.left(fmt.Sprintf("records are left: %s did not take them until the shutdown timeout", s.holdup()))
	}
	stopReading()
	if sourceErr := <-sourced; sourceErr != nil && ctx.Err() == nil {
		err = errors.Join(err, sourceErr)
	}
	return errors.Join(err, s.drain(patient))
}

// drain waits until the receiver has everything, or has taken nothing for the
// shutdown timeout.
func (s *Service) drain(patient context.Context) error {
	s.journal.Seal()
	if s.sender == nil {
		return nil
	}
	s.sender.Hurry()
	for before := s.journal.Stats().Records; ; {
		waiting, cancel := context.WithTimeout(patient, s.config.GracePeriod())
		err := s.journal.Drained(waiting)
		cancel()
		if err == nil {
			break
		}
		left := s.journal.Stats().Records
		if patient.Err() != nil || left == before {
			if left == 0 {
				return s.left("the journal did not store until the shutdown timeout that everything is sent")
			}
			return s.left(fmt.Sprintf("%d records are left: the OTLP receiver did not take them until the shutdown timeout", left))
		}
		before = left
	}
	if n := s.journal.Stats().Totals.OTLP.Dead; n > 0 && s.config.State.Dir == "" {
		return fmt.Errorf("the OTLP receiver refused %d records", n)
	}
	return nil
}

const holdupStdout = "stdout"

// holdup names what takes no records.
func (s *Service) holdup() string {
	switch j := s.journal.Stats(); {
	case j.Failing != "":
		return "the journal, which can't be written (" + j.Failing + "),"
	case !j.BlockedSince.IsZero():
		return "a full journal"
	}
	return holdupStdout
}

// left tells what could not be delivered before the end: an error where it is
// lost with the process.
func (s *Service) left(what string) error {
	if s.config.State.Dir == "" {
		return errors.New(what)
	}
	s.log.Warn("stopped before everything was delivered; the next start goes on", "left", what)
	return nil
}
