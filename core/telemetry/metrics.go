// Package telemetry reports on the program itself: metrics in the Prometheus
// format, liveness and readiness. It never touches the records, and no metric has
// a pod as a label.
package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

const namespace = "pod_status_logger"

// Metrics are the metrics of the program. Whoever wires the program increments the
// exported ones; the others have methods.
type Metrics struct {
	Registry *prometheus.Registry

	WatchRestarts     *prometheus.CounterVec // by resource and reason
	StdoutWriteErrors prometheus.Counter
	WatchGaps         *prometheus.CounterVec // by resource and reason
	OTLPSentBytes     prometheus.Counter
	OTLPRequests      *prometheus.CounterVec // by outcome
	OTLPRetries       prometheus.Counter
	SpanRequests      *prometheus.CounterVec // by outcome
	SpansLost         prometheus.Counter
	OwnerLookups      *prometheus.CounterVec // by outcome
	OwnerPending      *prometheus.CounterVec // by reason

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
	m.registerWatch()
	m.registerSinks()
	m.OwnerLookups = m.counters("owner_lookups_total", "Owner look-ups, by outcome.", "outcome")
	m.OwnerPending = m.counters("owner_pending_records_total",
		"Records emitted before their owners were known, by reason.", "reason")
	m.plugins = m.newPluginMetrics()
	m.make.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1, labelled with the version.",
	}, []string{"version"}).WithLabelValues(version).Set(1)
	return m
}

// registerWatch also creates the series whose labels are known: Prometheus misses
// the first increase of a series that does not begin with 0.
func (m *Metrics) registerWatch() {
	m.events = m.counters("watch_events_total", "Watch events received, by resource and kind.", "resource", "kind")
	m.WatchRestarts = m.counters("watch_restarts_total", "Watch requests restarted, by resource and reason.",
		"resource", "reason")
	m.WatchGaps = m.counters("watch_gaps_total",
		"Gaps in the watch history, filled by comparing a full list, by resource and reason.", "resource", "reason")
	m.RegisterWatch(watch.Pods().String())
	m.records = m.counters("records_total", "Records emitted, by action and state.", "action", "state")
	m.records.WithLabelValues(record.Create.String(), "")
	m.records.WithLabelValues(record.Delete.String(), "")
	m.records.WithLabelValues(record.Drop.String(), "")
	for state := record.Waiting; state <= record.Terminated; state++ {
		m.records.WithLabelValues(record.Update.String(), state.String())
	}
	m.delay = m.make.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace, Name: "delay_seconds",
		Help:    "Time from receiving the first event of a commit group until its records are committed and on stdout.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 4, 10),
	})
}

// RegisterWatch creates the series of the watch of a resource.
func (m *Metrics) RegisterWatch(resource string) {
	for kind := watch.Added; kind <= watch.Bookmark; kind++ {
		m.events.WithLabelValues(resource, kind.String())
	}
	for _, reason := range watch.Reasons() {
		m.WatchRestarts.WithLabelValues(resource, reason)
	}
	for _, reason := range watch.GapReasons() {
		m.WatchGaps.WithLabelValues(resource, reason)
	}
}

// RegisterEvents creates the series of records of Kubernetes Events, and registers the
// number of tracked Events and of those that made way for others.
func (m *Metrics) RegisterEvents(count func() (tracked int, evicted uint64)) {
	m.RegisterWatch(watch.Events().String())
	m.records.WithLabelValues(record.Event.String(), "")
	m.records.WithLabelValues(record.Gap.String(), "")
	m.gauge("events_tracked", "Kubernetes Events tracked.", nil, func() float64 {
		tracked, _ := count()
		return float64(tracked)
	})
	m.counterFunc("events_evicted_total", "Kubernetes Events dropped from tracking because of events.maxTracked.", nil,
		func() float64 {
			_, evicted := count()
			return float64(evicted)
		})
}

// RegisterWorkloads creates the series of records of workloads, and registers the number of
// watched workloads.
func (m *Metrics) RegisterWorkloads(count func() int) {
	for _, r := range workloads.Resources() {
		m.RegisterWatch(r.String())
	}
	m.records.WithLabelValues(record.WorkloadChange.String(), "")
	m.gauge("workloads", "Deployments, StatefulSets, DaemonSets and Jobs whose last state is known.", nil,
		func() float64 { return float64(count()) })
}

func (m *Metrics) registerSinks() {
	m.StdoutWriteErrors = m.counter("stdout_write_errors_total", "Failed writes to stdout. Each is retried.")
	m.OTLPSentBytes = m.counter("otlp_sent_bytes_total",
		"Bytes of records acknowledged by the OTLP receiver, before compression.")
	m.OTLPRequests = m.counters("otlp_requests_total", "OTLP requests, by outcome.", "outcome")
	m.OTLPRetries = m.counter("otlp_retries_total", "OTLP requests retried.")
	m.SpanRequests = m.counters("otlp_span_requests_total", "OTLP requests with spans, by outcome.", "outcome")
	m.SpansLost = m.counter("spans_lost_total", "Spans for which the journal had no room.")
}

// Event counts an event of the watch of a resource.
func (m *Metrics) Event(resource string, kind watch.Kind) {
	m.events.WithLabelValues(resource, kind.String()).Inc()
}

// Record counts a record.
func (m *Metrics) Record(action record.Action, state record.State) {
	m.records.WithLabelValues(action.String(), state.String()).Inc()
}

// Group observes the delay of a commit group.
func (m *Metrics) Group(delay time.Duration) { m.delay.Observe(delay.Seconds()) }

// RegisterPods registers the number of tracked pods.
func (m *Metrics) RegisterPods(pods func() int) {
	m.gauge("pods", "Pods tracked.", nil, func() float64 { return float64(pods()) })
}

// RegisterReady registers the outcome of /readyz.
func (m *Metrics) RegisterReady(checks Checks) {
	m.gauge("ready", "1 if /readyz reports ready, else 0.", nil, func() float64 { return oneIf(checks.ready()) })
}

// RegisterBusy registers for how long the present commit group has been written.
func (m *Metrics) RegisterBusy(busy func() time.Duration) {
	m.gauge("group_busy_seconds", "For how long the present commit group has been written, 0 if there is none.", nil,
		func() float64 { return busy().Seconds() })
}

// RegisterStream registers for how long a stream has received nothing. The label is
// not called namespace: Prometheus sets that to the namespace of the program.
func (m *Metrics) RegisterStream(resource, stream string, silence func() time.Duration) {
	m.gauge("watch_silence_seconds", "Time since the last event or bookmark of the watch.",
		prometheus.Labels{"resource": resource, "watched_namespace": stream}, func() float64 { return silence().Seconds() })
}

func oneIf(condition bool) float64 {
	if condition {
		return 1
	}
	return 0
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	return m.make.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return m.make.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func (m *Metrics) counterFunc(name, help string, labels prometheus.Labels, value func() float64) {
	m.make.NewCounterFunc(prometheus.CounterOpts{
		Namespace: namespace, Name: name, Help: help, ConstLabels: labels,
	}, value)
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.make.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: name, Help: help, ConstLabels: labels,
	}, value)
}
