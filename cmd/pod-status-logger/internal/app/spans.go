package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/pipeline"
	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/core/tracing"
)

// spansService is the service.name of spans. It is not that of a pod: spans of minutes would spoil the latency that
// backends compute for the service.
const spansService = "kubernetes-rollouts"

// makeSpans adds spans to the pipeline, and opens their sender, if they are to be sent.
func (s *service) makeSpans(p *pipeline.Settings, to destinations, env Environment) {
	outbox := s.journal.Outbox(journal.Traces)
	s.discardDeadSpans(outbox)
	if !to.traces.Enabled {
		s.discardSpans(outbox)
		return
	}
	for _, o := range []otlp.Outcome{otlp.Delivered, otlp.Retried, otlp.Split, otlp.Refused, otlp.Cancelled} {
		s.metrics.SpanRequests.WithLabelValues(string(o))
	}
	to.traces.UserAgent = env.userAgent()
	s.log.Info("sending spans", "receiver", to.traces)
	s.traces = otlp.NewSender(to.traces, outbox, otlp.Hooks{OnRequest: s.countRequest}, s.log)
	ticker := time.NewTicker(time.Second)
	s.closers.push(func() error { ticker.Stop(); return nil })
	lost := ratelog.New(s.log, time.Minute)
	p.Spans = &pipeline.Spans{
		Tracer: tracing.New(tracing.Settings{Cluster: s.config.Cluster, Service: spansService}),
		Encode: emit.NewSpanEncoder(env.Version, to.resource).Encode,
		Room:   func() int64 { return s.spansRoom(outbox) },
		OnLost: func(spans int) {
			s.metrics.SpansLost.Add(float64(spans))
			lost.Log(slog.LevelWarn, "spans are lost: too many wait for their receiver", "spans", spans)
		},
		Ticks: ticker.C,
	}
}

// spansRoom returns how many bytes of spans may be added to the pending ones and leave enough room for records.
func (s *service) spansRoom(outbox *journal.Outbox) int64 {
	stats := outbox.Stats()
	return s.journal.Stats().Capacity/4 - stats.Bytes - stats.DeadBytes
}

// discardDeadSpans removes the dead letters that an earlier version made of spans: no command does.
func (s *service) discardDeadSpans(outbox *journal.Outbox) {
	if outbox.Stats().DeadRecords == 0 {
		return
	}
	if _, err := outbox.Discard(); err != nil {
		s.log.Error("discarding spans failed", "error", err)
	}
}

// discardSpans removes the spans that an earlier run left: nothing sends them any more.
func (s *service) discardSpans(outbox *journal.Outbox) {
	n := outbox.Stats().Records
	if n == 0 {
		return
	}
	s.log.Warn("spans of an earlier run are discarded, because spans are not sent any more", "spans", n)
	for left := n; left > 0; {
		b, err := outbox.Next(context.Background(), 1<<20, left)
		if err == nil {
			outbox.Rejected(len(b.Records))
			err = outbox.Ack(b)
		}
		if err != nil {
			s.log.Error("discarding spans failed", "error", err)
			return
		}
		left -= len(b.Records)
	}
}
