package transport

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// MaxRetryAfter bounds how long a server can make a client wait, as the sender of records
// bounds it for receivers. A proxy's maintenance page can name any number of seconds.
const MaxRetryAfter = 5 * time.Minute

type retryAfterKey struct{}

// WithRetryAfter returns a context for one request, for which [RetryAfter] then returns
// the wait that the server asked for.
func WithRetryAfter(ctx context.Context) context.Context {
	return context.WithValue(ctx, retryAfterKey{}, new(atomic.Int64))
}

// RetryAfter returns how long the server asked to wait, at most [MaxRetryAfter]: in the
// header of the response to the request that was made with ctx, or in the Status that is
// err. ok is false if it did not ask.
func RetryAfter(ctx context.Context, err error) (wait time.Duration, ok bool) {
	if kept, is := ctx.Value(retryAfterKey{}).(*atomic.Int64); is {
		wait = time.Duration(kept.Load())
	}
	if seconds, suggested := apierrors.SuggestsClientDelay(err); suggested {
		wait = max(wait, bounded(int64(seconds)))
	}
	return wait, wait > 0
}

// keepRetryAfter keeps the header of a response for the request's context.
func keepRetryAfter(ctx context.Context, resp *http.Response) {
	kept, ok := ctx.Value(retryAfterKey{}).(*atomic.Int64)
	if !ok {
		return
	}
	if wait := parse(resp.Header.Get("Retry-After"), time.Now()); wait > 0 {
		kept.Store(int64(wait))
	}
}

// parse reads the number of seconds or the date of a Retry-After header. A number that is
// too large for an integer is bounded like any other.
func parse(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if strings.Trim(header, "0123456789") == "" && header != "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil {
			return MaxRetryAfter
		}
		return bounded(seconds)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), MaxRetryAfter)
}

func bounded(seconds int64) time.Duration {
	return time.Duration(min(max(0, seconds), int64(MaxRetryAfter/time.Second))) * time.Second
}
