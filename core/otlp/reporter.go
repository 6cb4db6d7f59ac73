package otlp

import (
	"log/slog"
	"time"
)

// sayEvery is how often one kind of trouble is logged.
const sayEvery = time.Minute

// reporter tells the operator in the program's own log how sending goes: at a
// limited rate, as all that happens here can happen with every request.
type reporter struct {
	logger *slog.Logger
	outbox Outbox

	failing  limiter
	since    time.Time // of the first failure since the last success; zero: none
	attempts int       // that failed since then
	said     bool      // that it fails, so that recovery is worth a line as well

	rejecting, refusing limiter
}

func newReporter(s Settings, outbox Outbox, logger *slog.Logger) *reporter {
	return &reporter{
		logger: logger.With("endpoint", s.Target(), "protocol", string(s.Protocol)),
		outbox: outbox,
	}
}

// failed reports a request that will be tried again.
func (r *reporter) failed(err error) {
	now := time.Now()
	if r.since.IsZero() {
		r.since = now
	}
	r.attempts++
	if _, ok := r.failing.allow(now); !ok {
		return
	}
	r.said = true
	stats := r.outbox.Stats()
	log := r.logger
	if hint := hintOn(err.Error()); hint != "" {
		log = log.With("hint", hint)
	}
	log.Warn("OTLP receiver takes no records; trying again until it does",
		"error", err, "attempts", r.attempts, "failing_for", now.Sub(r.since).Round(time.Second),
		"records_waiting", stats.Records, "bytes_waiting", stats.Bytes)
}

// recovered reports that the receiver answers again, if it was said that it
// doesn't.
func (r *reporter) recovered() {
	if r.said {
		r.logger.Info("OTLP receiver is back",
			"attempts_failed", r.attempts, "failed_for", time.Since(r.since).Round(time.Second),
			"records_waiting", r.outbox.Stats().Records)
	}
	r.since, r.attempts, r.said = time.Time{}, 0, false
}

// answered reports what a receiver has to say of a request that it took.
func (r *reporter) answered(a answer) {
	if a.rejected == 0 && a.message == "" {
		return
	}
	missed, ok := r.rejecting.allow(time.Now())
	switch {
	case !ok:
	case a.rejected > 0:
		r.logger.Warn("OTLP receiver took a request but rejected records of it: they are lost to it",
			"rejected", a.rejected, "message", a.message, "not_logged", missed)
	default:
		r.logger.Warn("OTLP receiver took a request with a warning", "message", a.message, "not_logged", missed)
	}
}

// refused reports a record that will never be taken.
func (r *reporter) refused(err error) {
	if missed, ok := r.refusing.allow(time.Now()); ok {
		r.logger.Error("OTLP receiver refuses a record for good; it is a dead letter now, and sending goes on without it", "error", err, "not_logged", missed)
	}
}

// shrunk reports that requests are smaller from now on: it happens a few times
// at most.
func (r *reporter) shrunk(maxBytes int, err error) {
	r.logger.Info("OTLP receiver takes no request of this size; sending smaller ones", "error", err, "max_bytes", maxBytes)
}

// limiter lets one message pass per sayEvery, and counts the others.
type limiter struct {
	last   time.Time
	missed int
}

// allow also returns how many messages were held back since the last one.
func (l *limiter) allow(now time.Time) (missed int, ok bool) {
	if !l.last.IsZero() && now.Sub(l.last) < sayEvery {
		l.missed++
		return 0, false
	}
	missed, l.missed, l.last = l.missed, 0, now
	return missed, true
}
