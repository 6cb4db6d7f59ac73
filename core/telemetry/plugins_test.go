package telemetry_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// All series of a plugin begin with 0.
func TestPluginSeriesBeginAtZero(t *testing.T) {
	m := telemetry.NewMetrics("1.2.3")
	m.RegisterPlugin("team", func() pluginhost.Stats { return pluginhost.Stats{} })
	compare(t, m.Registry, `
# HELP pod_status_logger_plugin_calls_total Plugin calls, one per batch of records, by outcome.
# TYPE pod_status_logger_plugin_calls_total counter
pod_status_logger_plugin_calls_total{outcome="deadline_exceeded",plugin="team"} 0
pod_status_logger_plugin_calls_total{outcome="error",plugin="team"} 0
pod_status_logger_plugin_calls_total{outcome="invalid",plugin="team"} 0
pod_status_logger_plugin_calls_total{outcome="ok",plugin="team"} 0
pod_status_logger_plugin_calls_total{outcome="skipped",plugin="team"} 0
# HELP pod_status_logger_plugin_failed_records_total Records emitted without the plugin's attributes because it failed.
# TYPE pod_status_logger_plugin_failed_records_total counter
pod_status_logger_plugin_failed_records_total{plugin="team"} 0
# HELP pod_status_logger_plugin_log_lines_dropped_total Lines of the plugin's log dropped by the rate limit.
# TYPE pod_status_logger_plugin_log_lines_dropped_total counter
pod_status_logger_plugin_log_lines_dropped_total{plugin="team"} 0
# HELP pod_status_logger_plugin_resident_memory_bytes Resident memory of the plugin's process, if the system reports it.
# TYPE pod_status_logger_plugin_resident_memory_bytes gauge
pod_status_logger_plugin_resident_memory_bytes{plugin="team"} 0
# HELP pod_status_logger_plugin_restarts_total Restarts of the plugin.
# TYPE pod_status_logger_plugin_restarts_total counter
pod_status_logger_plugin_restarts_total{plugin="team"} 0
# HELP pod_status_logger_plugin_suppressed_records_total Records suppressed by the plugin.
# TYPE pod_status_logger_plugin_suppressed_records_total counter
pod_status_logger_plugin_suppressed_records_total{plugin="team"} 0
# HELP pod_status_logger_plugin_up 1 if the plugin runs and is called, else 0.
# TYPE pod_status_logger_plugin_up gauge
pod_status_logger_plugin_up{plugin="team"} 0
`, "plugin_calls_total", "plugin_failed_records_total", "plugin_log_lines_dropped_total", "plugin_resident_memory_bytes",
		"plugin_restarts_total", "plugin_suppressed_records_total", "plugin_up")
	if got := value(t, m.Registry, `plugin_call_duration_seconds_count{plugin="team"}`); got != 0 {
		t.Errorf("%v calls have taken time before there was one", got)
	}
}

// Without plugins there are no series of plugins.
func TestNoPluginSeries(t *testing.T) {
	families, err := telemetry.NewMetrics("1.2.3").Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.Contains(f.GetName(), "_plugin_") {
			t.Errorf("there is %s", f.GetName())
		}
	}
}

func TestPluginCounts(t *testing.T) {
	m := wired()
	m.PluginCall("team", enrich.OK, 3*time.Millisecond)
	m.PluginCall("team", enrich.OK, 100*time.Microsecond)
	m.PluginCall("team", enrich.Late, 200*time.Millisecond)
	m.PluginCall("team", enrich.Skipped, time.Hour) // takes no time of the plugin's
	m.PluginFailed("team")
	m.PluginFailed("team")
	m.PluginSuppressed("bundle")
	for name, want := range map[string]float64{
		`plugin_calls_total{outcome="ok",plugin="team"}`:                2,
		`plugin_calls_total{outcome="deadline_exceeded",plugin="team"}`: 1,
		`plugin_calls_total{outcome="skipped",plugin="team"}`:           1,
		`plugin_calls_total{outcome="error",plugin="team"}`:             0,
		`plugin_calls_total{outcome="ok",plugin="bundle"}`:              0,
		`plugin_call_duration_seconds_count{plugin="team"}`:             3,
		`plugin_call_duration_seconds_sum{plugin="team"}`:               0.2031,
		`plugin_call_duration_seconds_bucket{plugin="team",le="0.004"}`: 2,
		`plugin_call_duration_seconds_count{plugin="bundle"}`:           0,
		`plugin_failed_records_total{plugin="team"}`:                    2,
		`plugin_failed_records_total{plugin="bundle"}`:                  0,
		`plugin_suppressed_records_total{plugin="bundle"}`:              1,
		`plugin_up{plugin="team"}`:                                      1,
		`plugin_up{plugin="bundle"}`:                                    0,
		`plugin_resident_memory_bytes{plugin="team"}`:                   5 << 20,
		`plugin_restarts_total{plugin="team"}`:                          2,
		`plugin_restarts_total{plugin="bundle"}`:                        0,
		`plugin_log_lines_dropped_total{plugin="team"}`:                 7,
		`owner_lookups_total{outcome="found"}`:                          0,
	} {
		if got := value(t, m.Registry, name); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}

// The default timeout of a batch and much more are within the buckets.
func TestPluginBuckets(t *testing.T) {
	m := wired()
	m.PluginCall("team", enrich.OK, 0)
	m.PluginCall("team", enrich.Late, 4*time.Second)
	for le, want := range map[string]float64{"0.00025": 1, "0.256": 1, "4.096": 2} {
		if got := value(t, m.Registry, `plugin_call_duration_seconds_bucket{plugin="team",le="`+le+`"}`); got != want {
			t.Errorf("%v calls took up to %s s, want %v", got, le, want)
		}
	}
}

// A plugin's state is read at every scrape.
func TestPluginStatsFollow(t *testing.T) {
	m, stats := telemetry.NewMetrics(""), pluginhost.Stats{Up: true, Restarts: 1}
	m.RegisterPlugin("team", func() pluginhost.Stats { return stats })
	before := value(t, m.Registry, `plugin_up{plugin="team"}`)
	stats = pluginhost.Stats{Restarts: 2}
	if after := value(t, m.Registry, `plugin_up{plugin="team"}`); before != 1 || after != 0 {
		t.Errorf("plugin_up is %v, then %v", before, after)
	}
	if got := value(t, m.Registry, `plugin_restarts_total{plugin="team"}`); got != 2 {
		t.Errorf("plugin_restarts_total is %v, want 2", got)
	}
	if n, err := testutil.GatherAndCount(m.Registry, "pod_status_logger_plugin_up"); n != 1 || err != nil {
		t.Errorf("%d series plugin_up, want 1: %v", n, err)
	}
}
