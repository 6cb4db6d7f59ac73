package otlp

import (
	"log/slog"
	"sync"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
)

// logEvery is the least time between two log lines about trouble of one kind.
const logEvery = time.Minute

// reporter logs how sending goes, at a limited rate: all trouble here can happen with
// every request.
type reporter struct {
	logger             *slog.Logger
	outbox             Outbox
	items, item        string
	outage             *ratelog.Outage
	rejected, deadOnes *ratelog.Limiter
	unsupported        sync.Once
}

func newReporter(s Settings, outbox Outbox, logger *slog.Logger) *reporter {
	logger = logger.With("endpoint", s.Target(), "protocol", string(s.Protocol))
	items := s.Signal.items()
	return &reporter{
		logger: logger, outbox: outbox, items: items, item: s.Signal.item(),
		outage: ratelog.NewOutage(ratelog.Settings{
			Logger: logger, Level: slog.LevelWarn, Every: logEvery,
			Failing:   "OTLP receiver accepts no " + items + "; retrying",
			Recovered: "OTLP receiver is back",
		}),
		rejected: ratelog.New(logger, logEvery),
		deadOnes: ratelog.New(logger, logEvery),
	}
}

// failed reports a request that will be retried.
func (r *reporter) failed(err error) {
	stats := r.outbox.Stats()
	args := []any{r.items + "_waiting", stats.Records, "bytes_waiting", stats.Bytes}
	if hint := hintOn(err.Error()); hint != "" {
		args = append(args, "hint", hint)
	}
	r.outage.Fail(err, args...)
}

// recovered reports that the receiver answers again, if its failure was logged.
func (r *reporter) recovered() {
	if r.outage.Err() != nil {
		r.outage.Recover(r.items+"_waiting", r.outbox.Stats().Records)
	}
}

// answered reports a partial success or a warning.
func (r *reporter) answered(a answer) {
	switch {
	case a.rejected > 0:
		r.rejected.Log(slog.LevelWarn,
			"OTLP receiver accepted a request but rejected some of its "+r.items+"; they are not resent",
			"rejected", a.rejected, "message", a.message)
	case a.message != "":
		r.rejected.Log(slog.LevelWarn, "OTLP receiver accepted a request with a warning", "message", a.message)
	}
}

// refused reports a record that the receiver will never take, and its fate.
func (r *reporter) refused(fate string, err error) {
	r.deadOnes.Log(slog.LevelError,
		"OTLP receiver refused a "+r.item+" permanently; it is now "+fate+", and sending continues", "error", err)
}

// absent reports, once, that the receiver doesn't take the signal.
func (r *reporter) absent(err error) {
	r.unsupported.Do(func() {
		r.logger.Warn("OTLP receiver takes no "+r.items+": they are lost, records are not; "+
			"name another endpoint for them, or switch them off", "error", err)
	})
}

// shrunk reports that requests are smaller from now on: it happens a few times at most.
func (r *reporter) shrunk(maxBytes int, err error) {
	r.logger.Info("OTLP receiver refused a request as too large; sending smaller ones",
		"error", err, "max_bytes", maxBytes)
}
