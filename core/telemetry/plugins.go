package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
)

// pluginMetrics count calls of plugins and their effects.
type pluginMetrics struct {
	calls      *prometheus.CounterVec   // by plugin and outcome
	duration   *prometheus.HistogramVec // by plugin
	failed     *prometheus.CounterVec   // by plugin
	suppressed *prometheus.CounterVec   // by plugin
}

var _ enrich.Meter = (*Metrics)(nil)

func (m *Metrics) newPluginMetrics() pluginMetrics {
	return pluginMetrics{
		calls: m.counters("plugin_calls_total", "Plugin calls, one per batch of records, by outcome.", "plugin", "outcome"),
		duration: m.make.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "plugin_call_duration_seconds",
			Help:    "Duration of plugin calls.",
			Buckets: prometheus.ExponentialBuckets(0.00025, 4, 8),
		}, []string{"plugin"}),
		failed: m.counters("plugin_failed_records_total",
			"Records emitted without the plugin's attributes because it failed.", "plugin"),
		suppressed: m.counters("plugin_suppressed_records_total", "Records suppressed by the plugin.", "plugin"),
	}
}

// PluginCall counts a call and observes its duration.
func (m *Metrics) PluginCall(plugin string, outcome enrich.Outcome, took time.Duration) {
	m.plugins.calls.WithLabelValues(plugin, string(outcome)).Inc()
	if outcome != enrich.Skipped {
		m.plugins.duration.WithLabelValues(plugin).Observe(took.Seconds())
	}
}

// PluginFailed counts a record that lacks the plugin's attributes.
func (m *Metrics) PluginFailed(plugin string) { m.plugins.failed.WithLabelValues(plugin).Inc() }

// PluginSuppressed counts a record suppressed by the plugin.
func (m *Metrics) PluginSuppressed(plugin string) {
	m.plugins.suppressed.WithLabelValues(plugin).Inc()
}

// OwnersPending counts a record whose owners are not known yet.
func (m *Metrics) OwnersPending(reason string) { m.OwnerPending.WithLabelValues(reason).Inc() }

// RegisterPlugin registers the state of a plugin, and creates its series with 0.
func (m *Metrics) RegisterPlugin(plugin string, stats func() pluginhost.Stats) {
	for _, outcome := range enrich.Outcomes() {
		m.plugins.calls.WithLabelValues(plugin, string(outcome))
	}
	m.plugins.duration.WithLabelValues(plugin)
	m.plugins.failed.WithLabelValues(plugin)
	m.plugins.suppressed.WithLabelValues(plugin)
	label := prometheus.Labels{"plugin": plugin}
	m.gauge("plugin_up", "1 if the plugin runs and is called, else 0.", label,
		func() float64 { return oneIf(stats().Up) })
	m.gauge("plugin_resident_memory_bytes", "Resident memory of the plugin's process, if the system reports it.", label,
		func() float64 { return float64(stats().MemoryBytes) })
	m.counterFunc("plugin_restarts_total", "Restarts of the plugin.", label,
		func() float64 { return float64(stats().Restarts) })
	m.counterFunc("plugin_log_lines_dropped_total", "Lines of the plugin's log dropped by the rate limit.", label,
		func() float64 { return float64(stats().LinesDropped) })
}
