package telemetry_test

import (
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/pluginhost"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wired returns metrics with everything attached that a program can have.
func wired() *telemetry.Metrics {
	m := telemetry.NewMetrics("1.2.3")
	m.RegisterPods(func() int { return 42 })
	m.RegisterReady(telemetry.Checks{{Name: "journal", Failure: func() error { return nil }}})
	m.RegisterBusy(func() time.Duration { return 2500 * time.Millisecond })
	m.RegisterStream("pods", "shop", func() time.Duration { return 1500 * time.Millisecond })
	m.RegisterStream("pods", "", func() time.Duration { return time.Minute })
	m.RegisterJournal(func() journal.Stats {
		return journal.Stats{
			Records: 3, Bytes: 1000, Capacity: 4096,
			Oldest: time.Now().Add(-2 * time.Hour), BlockedSince: time.Now().Add(-time.Minute),
			FileBytes: 65536, DeadRecords: 4, DeadBytes: 2000,
			Signals: map[journal.Signal]journal.SignalStats{journal.Logs: {
				Oldest: time.Now().Add(-time.Hour), // that of spans doesn't count
				Totals: journal.SinkTotals{Committed: 15, Sent: 9, Acknowledged: 7, Rejected: 2, Dead: 4, Dropped: 1},
			}},
			Totals: journal.Totals{
				Received: 20, Changed: 10, Suppressed: 1, Emitted: 15,
				Stdout: journal.SinkTotals{Committed: 15, Sent: 15, Acknowledged: 15},
			},
		}
	})
	m.RegisterPlugin("team", func() pluginhost.Stats {
		return pluginhost.Stats{Up: true, MemoryBytes: 5 << 20, Restarts: 2, LinesDropped: 7}
	})
	m.RegisterPlugin("bundle", func() pluginhost.Stats { return pluginhost.Stats{} })
	m.RegisterEvents(func() (int, uint64) { return 3, 1 })
	m.WatchRestarts.WithLabelValues("pods", "gone")
	m.WatchGaps.WithLabelValues("pods", "expired")
	m.OTLPRequests.WithLabelValues("ok")
	m.OwnerLookups.WithLabelValues("found")
	return m
}

// Dashboards and alerts depend on the names and types of the series.
func TestSeries(t *testing.T) {
	want := map[string]string{
		"build_info":                       "gauge",
		"delay_seconds":                    "histogram",
		"events_evicted_total":             "counter",
		"events_tracked":                   "gauge",
		"group_busy_seconds":               "gauge",
		"journal_blocked_seconds":          "gauge",
		"journal_bytes":                    "gauge",
		"journal_capacity_bytes":           "gauge",
		"journal_changed_events_total":     "counter",
		"journal_dead_letter_bytes":        "gauge",
		"journal_dead_letters":             "gauge",
		"journal_emitted_records_total":    "counter",
		"journal_failing_seconds":          "gauge",
		"journal_file_bytes":               "gauge",
		"journal_oldest_seconds":           "gauge",
		"journal_received_events_total":    "counter",
		"journal_suppressed_records_total": "counter",
		"sink_acknowledged_records_total":  "counter",
		"sink_committed_records_total":     "counter",
		"sink_dead_records":                "gauge",
		"sink_dropped_records_total":       "counter",
		"sink_rejected_records_total":      "counter",
		"sink_sent_records_total":          "counter",
		"sink_waiting_records":             "gauge",
		"spans_lost_total":                 "counter",
		"watch_gaps_total":                 "counter",
		"journal_records":                  "gauge",
		"otlp_requests_total":              "counter",
		"otlp_retries_total":               "counter",
		"otlp_sent_bytes_total":            "counter",
		"owner_lookups_total":              "counter",
		"plugin_call_duration_seconds":     "histogram",
		"plugin_calls_total":               "counter",
		"plugin_failed_records_total":      "counter",
		"plugin_log_lines_dropped_total":   "counter",
		"plugin_resident_memory_bytes":     "gauge",
		"plugin_restarts_total":            "counter",
		"plugin_suppressed_records_total":  "counter",
		"plugin_up":                        "gauge",
		"pods":                             "gauge",
		"ready":                            "gauge",
		"records_total":                    "counter",
		"stdout_write_errors_total":        "counter",
		"watch_events_total":               "counter",
		"watch_restarts_total":             "counter",
		"watch_silence_seconds":            "gauge",
	}
	families, err := wired().Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	foreign := map[string]bool{}
	for _, f := range families {
		if name, ok := strings.CutPrefix(f.GetName(), "pod_status_logger_"); ok {
			got[name] = strings.ToLower(f.GetType().String())
			continue
		}
		prefix, _, _ := strings.Cut(f.GetName(), "_")
		foreign[prefix] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"go", "process"}, slices.Sorted(maps.Keys(foreign))); diff != "" {
		t.Errorf("others' series begin with (-want +got):\n%s", diff)
	}
}

func TestSeriesFollowConventions(t *testing.T) {
	problems, err := testutil.GatherAndLint(wired().Registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Prometheus misses the first increase of a series that does not begin with 0.
func TestCountersBeginAtZero(t *testing.T) {
	compare(t, telemetry.NewMetrics("1.2.3").Registry, `
# HELP pod_status_logger_records_total Records emitted, by action and state.
# TYPE pod_status_logger_records_total counter
pod_status_logger_records_total{action="create",state=""} 0
pod_status_logger_records_total{action="delete",state=""} 0
pod_status_logger_records_total{action="drop",state=""} 0
pod_status_logger_records_total{action="update",state="error"} 0
pod_status_logger_records_total{action="update",state="running"} 0
pod_status_logger_records_total{action="update",state="terminated"} 0
pod_status_logger_records_total{action="update",state="waiting"} 0
# HELP pod_status_logger_watch_events_total Watch events received, by resource and kind.
# TYPE pod_status_logger_watch_events_total counter
pod_status_logger_watch_events_total{kind="added",resource="pods"} 0
pod_status_logger_watch_events_total{kind="bookmark",resource="pods"} 0
pod_status_logger_watch_events_total{kind="deleted",resource="pods"} 0
pod_status_logger_watch_events_total{kind="listed",resource="pods"} 0
pod_status_logger_watch_events_total{kind="listing",resource="pods"} 0
pod_status_logger_watch_events_total{kind="modified",resource="pods"} 0
pod_status_logger_watch_events_total{kind="present",resource="pods"} 0
`, "records_total", "watch_events_total")
}

func TestCounters(t *testing.T) {
	m := wired()
	m.Event("pods", watch.Added)
	m.Event("pods", watch.Modified)
	m.Event("pods", watch.Modified)
	m.Record(record.Create, 0)
	m.Record(record.Update, record.Waiting)
	m.Record(record.Update, record.Waiting)
	m.Record(record.Update, record.Error)
	m.Group(0)
	m.Group(3 * time.Millisecond)
	m.Group(time.Hour)
	m.WatchRestarts.WithLabelValues("pods", "gone").Inc()
	m.StdoutWriteErrors.Inc()
	m.OTLPSentBytes.Add(1000)
	m.OTLPRequests.WithLabelValues("ok").Inc()
	m.OTLPRetries.Inc()
	m.WatchGaps.WithLabelValues("pods", "expired").Inc()
	for name, want := range map[string]float64{
		`records_total{action="create",state=""}`:                         1,
		`records_total{action="update",state="waiting"}`:                  2,
		`records_total{action="update",state="error"}`:                    1,
		`records_total{action="delete",state=""}`:                         0,
		`watch_events_total{kind="added",resource="pods"}`:                1,
		`watch_events_total{kind="modified",resource="pods"}`:             2,
		`watch_events_total{kind="deleted",resource="pods"}`:              0,
		`watch_restarts_total{reason="gone",resource="pods"}`:             1,
		`watch_silence_seconds{resource="pods",watched_namespace="shop"}`: 1.5,
		`watch_silence_seconds{resource="pods",watched_namespace=""}`:     60,
		"ready":                             1,
		"group_busy_seconds":                2.5,
		"stdout_write_errors_total":         1,
		"otlp_sent_bytes_total":             1000,
		`otlp_requests_total{outcome="ok"}`: 1,
		"otlp_retries_total":                1,
		`watch_gaps_total{reason="expired",resource="pods"}`: 1,
		"journal_received_events_total":                      20,
		"journal_emitted_records_total":                      15,
		"journal_dead_letters":                               4,
		"journal_file_bytes":                                 65536,
		`sink_committed_records_total{sink="stdout"}`:        15,
		`sink_waiting_records{sink="stdout"}`:                0,
		`sink_sent_records_total{sink="otlp"}`:               9,
		`sink_acknowledged_records_total{sink="otlp"}`:       7,
		`sink_rejected_records_total{sink="otlp"}`:           2,
		`sink_dead_records{sink="otlp"}`:                     4,
		`sink_dropped_records_total{sink="otlp"}`:            1,
		`sink_waiting_records{sink="otlp"}`:                  3,
		"pods":                                               42,
		"journal_records":                                    3,
		"journal_bytes":                                      1000,
		"journal_capacity_bytes":                             4096,
		`build_info{version="1.2.3"}`:                        1,
		"delay_seconds_count":                                3,
		"delay_seconds_sum":                                  3600.003,
		`delay_seconds_bucket{le="0.0005"}`:                  1,
		`delay_seconds_bucket{le="0.008"}`:                   2,
		`delay_seconds_bucket{le="+Inf"}`:                    3,
	} {
		if got := value(t, m.Registry, name); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}

func TestJournalAges(t *testing.T) {
	const oldest, blocked = "journal_oldest_seconds", "journal_blocked_seconds"
	m := wired()
	if got := value(t, m.Registry, oldest); got < 3600 || got > 3660 {
		t.Errorf("%s = %v, want an hour", oldest, got)
	}
	if got := value(t, m.Registry, blocked); got < 60 || got > 120 {
		t.Errorf("%s = %v, want a minute", blocked, got)
	}
	future := telemetry.NewMetrics("")
	future.RegisterJournal(func() journal.Stats {
		logs := journal.SignalStats{Oldest: time.Now().Add(time.Hour)}
		return journal.Stats{Signals: map[journal.Signal]journal.SignalStats{journal.Logs: logs}}
	})
	if got := value(t, future.Registry, oldest); got != 0 {
		t.Errorf("%s = %v with a clock that was set back", oldest, got)
	}
	m = telemetry.NewMetrics("")
	m.RegisterJournal(func() journal.Stats { return journal.Stats{} })
	for _, name := range []string{oldest, blocked} {
		if got := value(t, m.Registry, name); got != 0 {
			t.Errorf("%s = %v for an empty journal", name, got)
		}
	}
}

// Registered functions are called at every scrape.
func TestGaugesFollow(t *testing.T) {
	m, pods := telemetry.NewMetrics(""), 1
	m.RegisterPods(func() int { return pods })
	before := value(t, m.Registry, "pods")
	pods = 2
	if after := value(t, m.Registry, "pods"); before != 1 || after != 2 {
		t.Errorf("pods = %v, then %v", before, after)
	}
}

// compare compares the named series of the program with a page.
func compare(t *testing.T, g prometheus.Gatherer, want string, names ...string) {
	t.Helper()
	for i := range names {
		names[i] = "pod_status_logger_" + names[i]
	}
	if err := testutil.GatherAndCompare(g, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

// value returns the value of a series of the program as its page has it.
func value(t *testing.T, g prometheus.Gatherer, series string) float64 {
	t.Helper()
	page := httptest.NewRecorder()
	promhttp.HandlerFor(g, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		number, ok := strings.CutPrefix(line, "pod_status_logger_"+series+" ")
		if !ok {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	t.Fatalf("no series %s on\n%s", series, page.Body)
	return 0
}
