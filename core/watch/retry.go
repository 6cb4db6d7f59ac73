package watch

import (
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// maxTooLarge requests in a row that were answered with "too large resource
	// version" make a full list due. Usually that passes: one of several API servers
	// lags behind. After a restore of etcd it does not.
	maxTooLarge = 3

	// maxShort watches in a row that ended almost at once, but had events, get the shortest
	// pause.
	maxShort = 5

	// One in maxSilent silent watches in a row casts doubt on the checkpoint, which
	// may lie in the future.
	maxSilent = 3
)

// retry decides when the next request is made.
type retry struct {
	backoff *backoff.ExponentialBackOff
	began   time.Time // of the present request

	progressed bool      // live events or bookmarks came since the last pause
	changed    bool      // live events came since the last pause
	short      int       // watches in a row that had events and ended almost at once
	relisted   time.Time // when a list was last made due without a pause
	tooLarge   int       // requests in a row for which the server was not ready
	silent     int       // watches in a row that stayed silent
}

// newRetry returns a retry before the first request. A checkpoint that has expired
// before the start gets its list at once.
func newRetry(initial, limit time.Duration) retry {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = initial, limit
	b.Reset()
	return retry{backoff: b, progressed: true}
}

// progress is called with each live event or bookmark.
func (r *retry) progress(kind Kind) {
	r.progressed, r.changed = true, r.changed || kind.Live()
	r.tooLarge, r.silent = 0, 0
}

// worked reports whether the request did what watches are for. One that ended almost at
// once did not, even if it had events, and one that had only bookmarks must have been
// open for longer: otherwise a server that ends each watch after its bookmark would be
// requested all the time.
func (r *retry) worked() bool {
	open := time.Since(r.began)
	return r.changed && open >= r.backoff.InitialInterval || r.progressed && open >= r.backoff.MaxInterval
}

// startsOver reports whether the next pause is the shortest again, after a request that
// ended with err.
func (r *retry) startsOver(err error) bool {
	if r.worked() || errors.Is(err, errStalled) { // the silence was pause enough
		r.short = 0
		return true
	}
	if r.changed {
		r.short++
	}
	return r.changed && r.short <= maxShort
}

// healthy reports whether the request ended as watches do.
func (r *retry) healthy(reason string) bool { return reason == ReasonClosed && r.worked() }

// relist reports whether a list that has become due need not wait: the server answers,
// so an outage that has raised the pause is over. That is true once per longest pause,
// for servers whose history is always gone.
func (r *retry) relist() bool {
	if !r.progressed && time.Since(r.relisted) < r.backoff.MaxInterval {
		return false
	}
	r.relisted = time.Now()
	return true
}

// pause returns how long to wait: never less than the server asked for, which is bounded
// by [transport.MaxRetryAfter].
func (r *retry) pause(err error, atOnce bool) time.Duration {
	if r.startsOver(err) {
		r.backoff.Reset()
	}
	r.progressed, r.changed = false, false
	var wait time.Duration
	if !atOnce {
		wait = r.backoff.NextBackOff()
	}
	if asked, ok := errors.AsType[*waitError](err); ok {
		wait = max(wait, asked.wait)
	}
	return wait
}
