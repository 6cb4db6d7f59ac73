package ratelog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Settings of an [Outage].
type Settings struct {
	Logger *slog.Logger
	// Failing is logged when the outage begins and while it lasts, at Level and
	// at most once per Every.
	Failing string
	Level   slog.Level
	Every   time.Duration
	// Recovered is logged when the outage is over, if Failing was, at level info.
	Recovered string
	// Quiet is the time without a failure after which the outage is over. Zero:
	// it is over when [Outage.Recover] is called, and not before.
	Quiet time.Duration
}

// Outage logs trouble that shows in repeated failures: when it begins, at a
// limited rate while it lasts, and when it is over. Its methods may be called
// concurrently.
type Outage struct {
	settings Settings

	mu       sync.Mutex
	since    time.Time // of the first failure; zero: there is no outage
	last     time.Time // failure
	err      error     // of the last failure; nil: there is no outage
	attempts int       // that failed
	reported bool      // Failing was logged of this outage
	logged   time.Time // when Failing was last logged
	quiet    *time.Timer
}

// NewOutage returns an outage that has not begun.
func NewOutage(s Settings) *Outage { return &Outage{settings: s} }

// Fail notes a failure. The args go into the log with it.
func (o *Outage) Fail(err error, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.since.IsZero() {
		o.since = now
	}
	o.last, o.err = now, err
	o.attempts++
	if o.settings.Quiet > 0 {
		o.restartQuiet()
	}
	if !o.logged.IsZero() && now.Sub(o.logged) < o.settings.Every {
		return
	}
	o.logged, o.reported = now, true
	about := []any{"error", err, "attempts", o.attempts, "failing_for", now.Sub(o.since).Round(time.Second)}
	o.settings.Logger.Log(context.Background(), o.settings.Level, o.settings.Failing, append(about, args...)...)
}

// Recover notes a success, which ends an outage. The args go into the log with it.
func (o *Outage) Recover(args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end(time.Now(), args...)
}

// Err returns the last failure of the present outage, nil if there is none.
func (o *Outage) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// restartQuiet has the outage end by itself. The next one is logged at once: as
// each needs a time without failures before it, that is still a limited rate.
func (o *Outage) restartQuiet() {
	if o.quiet != nil {
		o.quiet.Reset(o.settings.Quiet)
		return
	}
	o.quiet = time.AfterFunc(o.settings.Quiet, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if time.Since(o.last) < o.settings.Quiet { // there was a failure meanwhile
			return
		}
		o.end(o.last)
		o.logged = time.Time{}
	})
}

// end logs the end of an outage, with the time from its first failure to that end.
func (o *Outage) end(at time.Time, args ...any) {
	if o.reported {
		about := []any{"attempts_failed", o.attempts, "failed_for", at.Sub(o.since).Round(time.Second)}
		o.settings.Logger.Info(o.settings.Recovered, append(about, args...)...)
	}
	o.since, o.err, o.attempts, o.reported = time.Time{}, nil, 0, false
}
