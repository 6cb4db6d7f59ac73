package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// WatchJournal tells how full the journal is, and what has become of all that
// went into it. The totals are those of the journal: they go on over restarts
// where it is kept in a file.
func (m *Metrics) WatchJournal(stats func() journal.Stats) {
	for _, g := range []struct {
		name, help string
		value      func(journal.Stats) float64
	}{
		{"journal_records", "Records that wait to be sent.", func(s journal.Stats) float64 { return float64(s.Records) }},
		{"journal_bytes", "Bytes of those records.", func(s journal.Stats) float64 { return float64(s.Bytes) }},
		{"journal_capacity_bytes", "Bytes at which the journal is full and holds up the watch.", func(s journal.Stats) float64 { return float64(s.Capacity) }},
		{"journal_file_bytes", "Size of the journal's file.", func(s journal.Stats) float64 { return float64(s.FileBytes) }},
		{"journal_dead_letters", "Records kept that the receiver will never take.", func(s journal.Stats) float64 { return float64(s.DeadRecords) }},
		{"journal_dead_letter_bytes", "Bytes of those records.", func(s journal.Stats) float64 { return float64(s.DeadBytes) }},
		{"journal_oldest_seconds", "Age of the record that has waited longest.", func(s journal.Stats) float64 { return age(s.Oldest) }},
		{"journal_blocked_seconds", "For how long the journal has been full and holding up the watch.", func(s journal.Stats) float64 { return age(s.BlockedSince) }},
		{"journal_failing_seconds", "For how long the journal could not be written.", func(s journal.Stats) float64 { return age(s.FailingSince) }},
	} {
		m.gauge(g.name, g.help, nil, func() float64 { return g.value(stats()) })
	}
	for _, c := range []struct {
		name, help string
		value      func(journal.Totals) uint64
	}{
		{"journal_received_events_total", "Events about pods that were taken in.", func(t journal.Totals) uint64 { return t.Received }},
		{"journal_changed_events_total", "Events that had something to tell.", func(t journal.Totals) uint64 { return t.Changed }},
		{"journal_suppressed_records_total", "Records that plugins kept from being emitted.", func(t journal.Totals) uint64 { return t.Suppressed }},
		{"journal_emitted_records_total", "Records emitted.", func(t journal.Totals) uint64 { return t.Emitted }},
	} {
		m.counterFunc(c.name, c.help, nil, func() float64 { return float64(c.value(stats().Totals)) })
	}
	m.watchSink("stdout", func() journal.SinkTotals { return stats().Totals.Stdout })
	m.watchSink("otlp", func() journal.SinkTotals { return stats().Totals.OTLP })
}

// watchSink tells what has become of the records for one sink: committed are as
// many as acknowledged, dead, dropped and waiting.
func (m *Metrics) watchSink(sink string, totals func() journal.SinkTotals) {
	labels := prometheus.Labels{"sink": sink}
	for _, c := range []struct {
		name, help string
		value      func(journal.SinkTotals) uint64
	}{
		{"sink_committed_records_total", "Records committed to the journal for the sink.", func(t journal.SinkTotals) uint64 { return t.Committed }},
		{"sink_sent_records_total", "Records handed to the sink, also again.", func(t journal.SinkTotals) uint64 { return t.Sent }},
		{"sink_acknowledged_records_total", "Records that the sink has.", func(t journal.SinkTotals) uint64 { return t.Acknowledged }},
		{"sink_rejected_records_total", "Records that the sink acknowledged, but rejected in a partial success.", func(t journal.SinkTotals) uint64 { return t.Rejected }},
		{"sink_dead_records_total", "Records that the sink refused for good.", func(t journal.SinkTotals) uint64 { return t.Dead }},
		{"sink_dropped_records_total", "Records that had to make room.", func(t journal.SinkTotals) uint64 { return t.Dropped }},
	} {
		m.counterFunc(c.name, c.help, labels, func() float64 { return float64(c.value(totals())) })
	}
	m.gauge("sink_waiting_records", "Records committed that the sink does not have yet.", labels, func() float64 { return float64(totals().Waiting()) })
}
