package watch

import (
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// maxTooLarge requests in a row that were answered with "too large resource
	// version" make a full list due. Usually that passes: one of several API servers
	// lags behind. After a restore of etcd it does not.
	maxTooLarge = 3

	// One in maxSilent silent watches in a row casts doubt on the checkpoint, which
	// may lie in the future.
	maxSilent = 3
)

// retry decides when the next request is made.
type retry struct {
	backoff *backoff.ExponentialBackOff
	began   time.Time // of the present request

	progressed bool // live events or bookmarks came since the last pause
	tooLarge   int  // requests in a row for which the server was not ready
	silent     int  // watches in a row that stayed silent
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
func (r *retry) progress() { r.progressed, r.tooLarge, r.silent = true, 0, 0 }

// healthy reports whether the request ended as watches do. One that ended almost at
// once did not, even if it brought events: it would be repeated without a pause.
func (r *retry) healthy(reason string) bool {
	return reason == ReasonClosed && r.progressed && time.Since(r.began) >= r.backoff.InitialInterval
}

// pause returns how long to wait: never less than the server asked for.
func (r *retry) pause(err error, atOnce bool) time.Duration {
	if r.progressed || errors.Is(err, errStalled) { // the silence was pause enough
		r.backoff.Reset()
	}
	r.progressed = false
	var wait time.Duration
	if !atOnce {
		wait = r.backoff.NextBackOff()
	}
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
		wait = max(wait, time.Duration(seconds)*time.Second)
	}
	return wait
}
