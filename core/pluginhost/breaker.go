package pluginhost

import (
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// tripAfter is the number of failed calls in a row that open a breaker: one may be
	// a pause of the machine.
	tripAfter = 3
	// hopelessAfter is how often it opens, without a good call in between, before the
	// plugin is restarted.
	hopelessAfter = 3
)

// breaker keeps records from waiting for a plugin that doesn't work. It opens after
// some failures in a row. After a pause it lets one call through, whose outcome closes
// it, or opens it for a longer pause.
type breaker struct {
	mu       sync.Mutex
	failures int       // in a row
	opened   int       // times without a good call in between
	until    time.Time // zero: closed
	probing  bool      // the one call is under way
	pause    *backoff.ExponentialBackOff
}

func newBreaker() *breaker { return &breaker{pause: newPauses()} }

// newPauses returns growing pauses between attempts, with jitter.
func newPauses() *backoff.ExponentialBackOff {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = time.Second, time.Minute
	return pause
}

// allow reports whether a call may be made now.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return true
	}
	if b.probing || now.Before(b.until) {
		return false
	}
	b.probing = true
	return true
}

// open reports whether the breaker is open.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.until.IsZero()
}

// good notes a call that the plugin has answered, and reports whether that closes the
// breaker.
func (b *breaker) good() (closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	closed = !b.until.IsZero()
	b.failures, b.opened, b.until, b.probing = 0, 0, time.Time{}, false
	b.pause.Reset()
	return closed
}

// giveUp notes a call whose outcome says nothing about the plugin.
func (b *breaker) giveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

// bad notes a failed call, and reports whether that opens the breaker, and how often
// it has opened by now.
func (b *breaker) bad(now time.Time) (tripped bool, times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if !b.until.IsZero() && !b.probing { // a call from before it opened
		return false, b.opened
	}
	if !b.probing && b.failures < tripAfter {
		return false, b.opened
	}
	b.probing = false
	b.opened++
	b.until = now.Add(b.pause.NextBackOff())
	return true, b.opened
}

// reset closes the breaker for another instance of the plugin.
func (b *breaker) reset() { _ = b.good() }
