package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
)

// pluginMetrics are what is counted of plugins.
type pluginMetrics struct {
	calls      *prometheus.CounterVec   // by plugin and outcome
	duration   *prometheus.HistogramVec // by plugin
	failed     *prometheus.CounterVec   // by plugin
	suppressed *prometheus.CounterVec   // by plugin
}

var _ enrich.Meter = (*Metrics)(nil)

func (m *Metrics) newPluginMetrics() pluginMetrics {
	return pluginMetrics{
		calls: m.counters("plugin_calls_total", "Calls of plugins for a batch of records, by outcome.", "plugin", "outcome"),
		duration: m.make.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "plugin_call_duration_seconds",
			Help:    "Time that a plugin took for a batch of records.",
			Buckets: prometheus.ExponentialBuckets(0.00025, 4, 8),
		}, []string{"plugin"}),
		failed:     m.counters("plugin_failed_records_total", "Records that lack what the plugin would have added.", "plugin"),
		suppressed: m.counters("plugin_suppressed_records_total", "Records that the plugin kept from being emitted.", "plugin"),
	}
}

// PluginCall counts a call and how long it took.
func (m *Metrics) PluginCall(plugin string, outcome enrich.Outcome, took time.Duration) {
	m.plugins.calls.WithLabelValues(plugin, string(outcome)).Inc()
	if outcome != enrich.Skipped {
		m.plugins.duration.WithLabelValues(plugin).Observe(took.Seconds())
	}
}

// PluginFailed counts a record without what the plugin would have added.
func (m *Metrics) PluginFailed(plugin string) { m.plugins.failed.WithLabelValues(plugin).Inc() }

// PluginSuppressed counts a record that the plugin suppressed.
func (m *Metrics) PluginSuppressed(plugin string) {
	m.plugins.suppressed.WithLabelValues(plugin).Inc()
}

// WatchPlugin tells how a plugin fares, and has its series begin at 0.
func (m *Metrics) WatchPlugin(plugin string, stats func() pluginhost.Stats) {
	for _, outcome := range enrich.Outcomes() {
		m.plugins.calls.WithLabelValues(plugin, string(outcome))
	}
	m.plugins.duration.WithLabelValues(plugin)
	m.plugins.failed.WithLabelValues(plugin)
	m.plugins.suppressed.WithLabelValues(plugin)
	label := prometheus.Labels{"plugin": plugin}
	m.gauge("plugin_up", "1 if the plugin runs and is asked.", label, func() float64 {
		if stats().Up {
			return 1
		}
		return 0
	})
	m.gauge("plugin_resident_memory_bytes", "Resident memory of the plugin's process, where the system tells it.", label,
		func() float64 { return float64(stats().MemoryBytes) })
	m.counterFunc("plugin_restarts_total", "Times that the plugin was started anew.", label,
		func() float64 { return float64(stats().Restarts) })
	m.counterFunc("plugin_log_lines_dropped_total", "Lines of the plugin's log that were left out, as it writes too many.", label,
		func() float64 { return float64(stats().LinesDropped) })
}
