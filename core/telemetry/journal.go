package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// RegisterJournal registers the fill level and the totals of the journal. Totals
// that are kept in a file continue over restarts. All values of a scrape are of one
// moment, so that they add up.
func (m *Metrics) RegisterJournal(stats func() journal.Stats) {
	m.Registry.MustRegister(&journalCollector{stats, journalSeries(), sinkSeries()})
}

type journalCollector struct {
	stats   func() journal.Stats
	journal []series[journal.Stats]
	sinks   []series[journal.SinkTotals] // each sink has them
}

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

func journalSeries() []series[journal.Stats] {
	return []series[journal.Stats]{
		gaugeOf("journal_records", "Pending records.",
			func(s journal.Stats) float64 { return float64(s.Records) }),
		gaugeOf("journal_bytes", "Bytes of the pending records.",
			func(s journal.Stats) float64 { return float64(s.Bytes) }),
		gaugeOf("journal_capacity_bytes", "Bytes at which the journal is full.",
			func(s journal.Stats) float64 { return float64(s.Capacity) }),
		gaugeOf("journal_file_bytes", "Size of the journal file.",
			func(s journal.Stats) float64 { return float64(s.FileBytes) }),
		gaugeOf("journal_dead_letters", "Dead letters in the journal.",
			func(s journal.Stats) float64 { return float64(s.DeadRecords) }),
		gaugeOf("journal_dead_letter_bytes", "Bytes of the dead letters in the journal.",
			func(s journal.Stats) float64 { return float64(s.DeadBytes) }),
		gaugeOf("journal_oldest_seconds", "Age of the oldest pending record.",
			func(s journal.Stats) float64 { return age(s.Signals[journal.Logs].Oldest) }),
		gaugeOf("journal_blocked_seconds", "For how long the full journal has blocked the watch, 0 if it does not.",
			func(s journal.Stats) float64 { return age(s.BlockedSince) }),
		gaugeOf("journal_failing_seconds", "For how long writing or reading the journal has failed, 0 if it works.",
			func(s journal.Stats) float64 { return age(s.FailingSince) }),
		counterOf("journal_received_events_total", "Pod events received.",
			func(s journal.Stats) uint64 { return s.Totals.Received }),
		counterOf("journal_changed_events_total", "Pod events with a change that records report.",
			func(s journal.Stats) uint64 { return s.Totals.Changed }),
		counterOf("journal_suppressed_records_total", "Records suppressed by plugins.",
			func(s journal.Stats) uint64 { return s.Totals.Suppressed }),
		counterOf("journal_emitted_records_total", "Records emitted.",
			func(s journal.Stats) uint64 { return s.Totals.Emitted }),
	}
}

// sinkSeries are the totals of a sink: committed is the sum of acknowledged, dead,
// dropped and waiting.
func sinkSeries() []series[journal.SinkTotals] {
	return []series[journal.SinkTotals]{
		counterOf("sink_committed_records_total", "Records committed to the journal for the sink.",
			func(t journal.SinkTotals) uint64 { return t.Committed }, "sink"),
		counterOf("sink_sent_records_total", "Records sent to the sink, retries included.",
			func(t journal.SinkTotals) uint64 { return t.Sent }, "sink"),
		counterOf("sink_acknowledged_records_total", "Records acknowledged by the sink.",
			func(t journal.SinkTotals) uint64 { return t.Acknowledged }, "sink"),
		counterOf("sink_rejected_records_total", "Acknowledged records that the sink rejected in a partial success.",
			func(t journal.SinkTotals) uint64 { return t.Rejected }, "sink"),
		counterOf("sink_dropped_records_total", "Records dropped from the full journal, or discarded by an operator.",
			func(t journal.SinkTotals) uint64 { return t.Dropped }, "sink"),
		gaugeOf("sink_dead_records", "Records that the sink refused permanently and that were not resent.",
			func(t journal.SinkTotals) float64 { return float64(t.Dead) }, "sink"),
		gaugeOf("sink_waiting_records", "Committed records that are pending for the sink.",
			func(t journal.SinkTotals) float64 { return float64(t.Waiting()) }, "sink"),
	}
}

// age returns the seconds since then, 0 for the zero time. A stored time may be in
// the future after the clock was set back.
func age(since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, time.Since(since)).Seconds()
}

// Describe implements [prometheus.Collector].
func (c *journalCollector) Describe(to chan<- *prometheus.Desc) {
	for _, s := range c.journal {
		to <- s.desc
	}
	for _, s := range c.sinks {
		to <- s.desc
	}
}

// Collect implements [prometheus.Collector].
func (c *journalCollector) Collect(to chan<- prometheus.Metric) {
	now := c.stats()
	for _, s := range c.journal {
		to <- prometheus.MustNewConstMetric(s.desc, s.typ, s.value(now))
	}
	for sink, totals := range map[string]journal.SinkTotals{
		"stdout": now.Totals.Stdout, "otlp": now.Signals[journal.Logs].Totals,
		"otlp_traces": now.Signals[journal.Traces].Totals,
	} {
		for _, s := range c.sinks {
			to <- prometheus.MustNewConstMetric(s.desc, s.typ, s.value(totals), sink)
		}
	}
}
