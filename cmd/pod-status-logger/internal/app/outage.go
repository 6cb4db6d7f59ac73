package app

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// outageOver is how long there is no error before trouble is taken to be over:
	// what fails is tried again more often.
	outageOver = 10 * time.Second
	// outageEvery is how often trouble that goes on is logged.
	outageEvery = time.Minute
)

// outage logs trouble that shows in errors, again and again: when it begins, now and
// then while it goes on, and when it is over. Its methods may be called concurrently.
type outage struct {
	log         *slog.Logger
	begun, over string // what to say

	mu          sync.Mutex
	since, said time.Time // zero: all is well
	last        error
	quiet       *time.Timer
}

func (o *outage) error(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.since.IsZero() {
		o.since = now
		o.quiet = time.AfterFunc(outageOver, o.end)
	}
	o.quiet.Reset(outageOver)
	o.last = err
	if o.said.IsZero() || now.Sub(o.said) >= outageEvery {
		o.said = now
		o.log.Error(o.begun, "error", err, "for", now.Sub(o.since).Round(time.Second).String())
	}
}

func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log.Info(o.over, "was_failing_for", (time.Since(o.since) - outageOver).Round(time.Second).String())
	o.since, o.said, o.last = time.Time{}, time.Time{}, nil
}

// present returns the error that there is now, or nil.
func (o *outage) present() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}
