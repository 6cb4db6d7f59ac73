package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// WatchJournal tells how full the journal is, and what has become of all that
// went into it. The totals are those of the journal: they go on over restarts
// where it is kept in a file. What one scrape shows is of one moment, so that
// it adds up.
func (m *Metrics) WatchJournal(stats func() journal.Stats) {
	m.Registry.MustRegister(&journalCollector{stats})
}

type journalCollector struct{ stats func() journal.Stats }

// series is a metric whose value is read from S.
type series[S any] struct {
	desc  *prometheus.Desc
	typ   prometheus.ValueType
	value func(S) float64
}

func gaugeOf[S any](name, help string, value func(S) float64, labels ...string) series[S] {
	return series[S]{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.GaugeValue, value}
}

func counterOf[S any](name, help string, value func(S) uint64, labels ...string) series[S] {
	return series[S]{
		prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.CounterValue,
		func(s S) float64 { return float64(value(s)) },
	}
}

var journalSeries = []series[journal.Stats]{
	gaugeOf("journal_records", "Records that wait to be sent.", func(s journal.Stats) float64 { return float64(s.Records) }),
	gaugeOf("journal_bytes", "Bytes of the records that wait to be sent.", func(s journal.Stats) float64 { return float64(s.Bytes) }),
	gaugeOf("journal_capacity_bytes", "Bytes at which the journal is full and holds up the watch.", func(s journal.Stats) float64 { return float64(s.Capacity) }),
	gaugeOf("journal_file_bytes", "Size of the journal's file.", func(s journal.Stats) float64 { return float64(s.FileBytes) }),
	gaugeOf("journal_dead_letters", "Records kept that the receiver will never take.", func(s journal.Stats) float64 { return float64(s.DeadRecords) }),
	gaugeOf("journal_dead_letter_bytes", "Bytes of the records kept that the receiver will never take.", func(s journal.Stats) float64 { return float64(s.DeadBytes) }),
	gaugeOf("journal_oldest_seconds", "Age of the record that has waited longest.", func(s journal.Stats) float64 { return age(s.Oldest) }),
	gaugeOf("journal_blocked_seconds", "For how long the journal has been full and holding up the watch.", func(s journal.Stats) float64 { return age(s.BlockedSince) }),
	gaugeOf("journal_failing_seconds", "For how long the journal could not be written or read.", func(s journal.Stats) float64 { return age(s.FailingSince) }),
	counterOf("journal_received_events_total", "Events about pods that were taken in.", func(s journal.Stats) uint64 { return s.Totals.Received }),
	counterOf("journal_changed_events_total", "Events that had something to tell.", func(s journal.Stats) uint64 { return s.Totals.Changed }),
	counterOf("journal_suppressed_records_total", "Records that plugins kept from being emitted.", func(s journal.Stats) uint64 { return s.Totals.Suppressed }),
	counterOf("journal_emitted_records_total", "Records emitted.", func(s journal.Stats) uint64 { return s.Totals.Emitted }),
}

// sinkSeries tell what has become of the records for one sink: committed are as
// many as acknowledged, dead, dropped and waiting.
var sinkSeries = []series[journal.SinkTotals]{
	counterOf("sink_committed_records_total", "Records committed to the journal for the sink.", func(t journal.SinkTotals) uint64 { return t.Committed }, "sink"),
	counterOf("sink_sent_records_total", "Records handed to the sink, also again.", func(t journal.SinkTotals) uint64 { return t.Sent }, "sink"),
	counterOf("sink_acknowledged_records_total", "Records that the sink has.", func(t journal.SinkTotals) uint64 { return t.Acknowledged }, "sink"),
	counterOf("sink_rejected_records_total", "Records that the sink acknowledged, but rejected in a partial success.", func(t journal.SinkTotals) uint64 { return t.Rejected }, "sink"),
	counterOf("sink_dropped_records_total", "Records that had to make room, or were discarded.", func(t journal.SinkTotals) uint64 { return t.Dropped }, "sink"),
	gaugeOf("sink_dead_records", "Records that the sink refused for good, and were not sent again.", func(t journal.SinkTotals) float64 { return float64(t.Dead) }, "sink"),
	gaugeOf("sink_waiting_records", "Records committed that the sink does not have yet.", func(t journal.SinkTotals) float64 { return float64(t.Waiting()) }, "sink"),
}

// Describe implements [prometheus.Collector].
func (c *journalCollector) Describe(to chan<- *prometheus.Desc) {
	for _, s := range journalSeries {
		to <- s.desc
	}
	for _, s := range sinkSeries {
		to <- s.desc
	}
}

// Collect implements [prometheus.Collector].
func (c *journalCollector) Collect(to chan<- prometheus.Metric) {
	now := c.stats()
	for _, s := range journalSeries {
		to <- prometheus.MustNewConstMetric(s.desc, s.typ, s.value(now))
	}
	for sink, totals := range map[string]journal.SinkTotals{"stdout": now.Totals.Stdout, "otlp": now.Totals.OTLP} {
		for _, s := range sinkSeries {
			to <- prometheus.MustNewConstMetric(s.desc, s.typ, s.value(totals), sink)
		}
	}
}
