// Package telemetry is what the program tells of itself: metrics in the
// Prometheus format, liveness and readiness. It never touches the records, and
// no metric is labelled by pod.
package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

const namespace = "pod_status_logger"

// Metrics are what the parts of the program count. The fields are for wiring:
// each is counted up by the part that its name begins with.
type Metrics struct {
	Registry *prometheus.Registry

	WatchRestarts     *prometheus.CounterVec // by reason
	StdoutWriteErrors prometheus.Counter
	WatchGaps         *prometheus.CounterVec // by reason
	OTLPSentBytes     prometheus.Counter
	OTLPRequests      *prometheus.CounterVec // by outcome
	OTLPRetries       prometheus.Counter
	OwnerLookups      *prometheus.CounterVec // by outcome

	events  *prometheus.CounterVec
	records *prometheus.CounterVec
	delay   prometheus.Histogram
	plugins pluginMetrics
	make    promauto.Factory
}

var _ pipeline.Meter = (*Metrics)(nil)

// NewMetrics returns metrics in a registry of their own, with those of the Go
// runtime, the process and the version of the program.
func NewMetrics(version string) *Metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m := &Metrics{Registry: registry, make: promauto.With(registry)}
	m.events = m.counters("watch_events_total", "Events of the watch, by kind.", "kind")
	m.WatchRestarts = m.counters("watch_restarts_total", "Watches begun again, by reason.", "reason")
	m.WatchGaps = m.counters("watch_gaps_total", "Spans of time whose changes were only found by comparing, by reason.", "reason")
	m.records = m.counters("records_total", "Records emitted, by action and state.", "action", "state")
	m.delay = m.make.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace, Name: "delay_seconds",
		Help:    "Time from receiving the first event of a group until its records are written to stdout and committed to the journal.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 4, 10),
	})
	m.StdoutWriteErrors = m.counter("stdout_write_errors_total", "Failed writes to stdout; they are tried again.")
	m.OTLPSentBytes = m.counter("otlp_sent_bytes_total", "Bytes of records that the OTLP receiver acknowledged, before compression.")
	m.OTLPRequests = m.counters("otlp_requests_total", "OTLP requests, by outcome.", "outcome")
	m.OTLPRetries = m.counter("otlp_retries_total", "OTLP requests that were tried again.")
	m.OwnerLookups = m.counters("owner_lookups_total", "Look-ups of the owners of pods, by outcome.", "outcome")
	m.plugins = m.newPluginMetrics()
	m.make.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1, labelled with the version.",
	}, []string{"version"}).WithLabelValues(version).Set(1)
	m.begin()
	return m
}

// begin has the series begin at 0 whose labels are known: if a series came with
// its first count, a rate would not see that one.
func (m *Metrics) begin() {
	for kind := watch.Added; kind <= watch.Bookmark; kind++ {
		m.events.WithLabelValues(kind.String())
	}
	m.records.WithLabelValues(record.Create.String(), "")
	m.records.WithLabelValues(record.Delete.String(), "")
	m.records.WithLabelValues(record.Drop.String(), "")
	for state := record.Waiting; state <= record.Terminated; state++ {
		m.records.WithLabelValues(record.Update.String(), state.String())
	}
}

// Event counts an event of the watch.
func (m *Metrics) Event(kind watch.Kind) { m.events.WithLabelValues(kind.String()).Inc() }

// Record counts a record.
func (m *Metrics) Record(action record.Action, state record.State) {
	m.records.WithLabelValues(action.String(), state.String()).Inc()
}

// Group measures how long a group took.
func (m *Metrics) Group(delay time.Duration) { m.delay.Observe(delay.Seconds()) }

// WatchPods tells how many pods are known.
func (m *Metrics) WatchPods(pods func() int) {
	m.gauge("pods", "Pods known.", nil, func() float64 { return float64(pods()) })
}

// WatchReady tells what /readyz does.
func (m *Metrics) WatchReady(checks Checks) {
	m.gauge("ready", "1 if /readyz says that the program is ready.", nil, func() float64 {
		if checks.ready() {
			return 1
		}
		return 0
	})
}

// WatchBusy tells for how long the group of records in hand has been written.
func (m *Metrics) WatchBusy(busy func() time.Duration) {
	m.gauge("group_busy_seconds", "For how long the present group of records has been written and committed; 0 if there is none.", nil,
		func() float64 { return busy().Seconds() })
}

// WatchStream tells for how long a stream has been silent, since start if it
// has heard nothing yet. The label is not called namespace: Prometheus gives
// that name to the namespace of the program.
func (m *Metrics) WatchStream(stream string, silence func() time.Duration) {
	m.gauge("watch_silence_seconds", "Time since the last event or bookmark of the watch.",
		prometheus.Labels{"watched_namespace": stream}, func() float64 { return silence().Seconds() })
}

func age(since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, time.Since(since)).Seconds() // a stored time may be of a clock that was set back
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	return m.make.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return m.make.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func (m *Metrics) counterFunc(name, help string, labels prometheus.Labels, value func() float64) {
	m.make.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels}, value)
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.make.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels}, value)
}
