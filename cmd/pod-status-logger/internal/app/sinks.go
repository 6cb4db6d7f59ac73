package app

import (
	"log/slog"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
)

// newStdout returns the destination of lines.
func (s *service) newStdout(env Environment) *emit.Stdout {
	var format emit.Format = emit.NewJSON(config.PluginNames(s.config.Plugins)...)
	if s.config.Stdout.Format == "pretty" {
		format = emit.Pretty{Color: env.Color, Width: env.Width}
	}
	s.stdoutOutage = newOutage(s.log, "writing to stdout fails, retrying", "writing to stdout works again")
	return emit.NewStdout(env.Stdout, format, func(err error) {
		s.metrics.StdoutWriteErrors.Inc()
		s.stdoutOutage.Fail(err)
	})
}

// newOutage returns an outage of something that is retried every few seconds.
func newOutage(log *slog.Logger, failing, recovered string) *ratelog.Outage {
	return ratelog.NewOutage(ratelog.Settings{
		Logger: log, Failing: failing, Level: slog.LevelError, Every: time.Minute,
		Recovered: recovered, Quiet: 10 * time.Second,
	})
}

// newSender returns the sender of the pending records in the journal.
func (s *service) newSender(receiver otlp.Settings, env Environment) *otlp.Sender {
	for _, o := range []otlp.Outcome{otlp.Delivered, otlp.Retried, otlp.Split, otlp.Refused, otlp.Cancelled} {
		s.metrics.OTLPRequests.WithLabelValues(string(o))
	}
	receiver.UserAgent = env.userAgent()
	s.log.Info("sending records", "receiver", receiver)
	return otlp.NewSender(receiver, s.journal.Outbox(journal.Logs), otlp.Hooks{OnRequest: s.countRequest}, s.log)
}

func (s *service) countRequest(r otlp.Request) {
	if r.Signal == otlp.Traces {
		s.metrics.SpanRequests.WithLabelValues(string(r.Outcome)).Inc()
		return
	}
	s.metrics.OTLPRequests.WithLabelValues(string(r.Outcome)).Inc()
	switch r.Outcome {
	case otlp.Delivered:
		s.metrics.OTLPSentBytes.Add(float64(r.Bytes))
	case otlp.Retried:
		s.metrics.OTLPRetries.Inc()
	case otlp.Split, otlp.Refused, otlp.Cancelled:
	}
}
