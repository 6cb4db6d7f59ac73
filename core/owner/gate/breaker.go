package gate

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

// When requests are left out
//
// After a 429 or 503 none is made for as long as the server asks for, at most five
// minutes, or for a pause that grows from one second to half a minute. Pods don't wait
// meanwhile, unless they are initial ones.
//
// The groups that Kubernetes itself serves share one breaker. Any other group may be
// served by another program, which may be unavailable forever: it has a breaker of its own, and
// a few failures in a row of any kind open that one too. Otherwise the creator of a pod
// could stop the look-ups of everybody by naming a group that is away.
const (
	minPause = time.Second
	maxPause = 30 * time.Second

	// maxFailures in a row open the breaker of a group.
	maxFailures = 3

	// maxBreakers is the number of groups whose breakers are kept.
	maxBreakers = 256
)

// pausedError reports that no request was made, or that the server refused it for now.
type pausedError struct {
	until time.Time
	cause error // nil: no request was made
}

func (e *pausedError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	return fmt.Sprintf("no requests before %s, as the API server asked for a pause", e.until.Format(time.TimeOnly))
}

func (e *pausedError) Unwrap() error { return e.cause }

// breakers decide whether requests are made.
type breakers struct {
	mu    sync.Mutex
	known *simplelru.LRU[string, *breaker] // by group, "" for those of Kubernetes
}

type breaker struct {
	until    time.Time
	pause    time.Duration // the last one that the server did not ask for
	failures int           // in a row
}

func newBreakers() *breakers { return &breakers{known: newLRU[string, *breaker](maxBreakers, nil)} }

// groupOf returns the group under which the breaker of an API group is kept.
func groupOf(group string) string {
	switch group {
	case "apps", "batch":
		return ""
	}
	return group
}

// check returns an error if no request of the group may be made.
func (b *breakers) check(group string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one, ok := b.known.Get(groupOf(group)); ok && time.Now().Before(one.until) {
		return &pausedError{until: one.until}
	}
	return nil
}

// note takes the outcome of a request of the group that was made with ctx, and returns the
// error for its caller.
func (b *breakers) note(ctx context.Context, group string, err error) error {
	group = groupOf(group)
	asked, ok := transport.RetryAfter(ctx, err)
	ok = ok && err != nil
	b.mu.Lock()
	defer b.mu.Unlock()
	one, known := b.known.Get(group)
	throttled := ok || apierrors.IsTooManyRequests(err) || isStatus(err, http.StatusServiceUnavailable)
	open := known && time.Now().Before(one.until) // since this request began
	if !throttled && !isFailure(err) {
		if known && !open {
			b.known.Remove(group)
		}
		return err
	}
	if !known {
		one = new(breaker)
		b.known.Add(group, one)
	}
	one.failures++
	if !throttled && (group == "" || one.failures < maxFailures) {
		return err
	}
	one.extend(open, ok, asked)
	return &pausedError{one.until, err}
}

// extend opens the breaker for as long as the server asked for, if it did, or else for a pause that grows. If the
// breaker is open already, only the server's word keeps it open for longer.
func (b *breaker) extend(open, byServer bool, asked time.Duration) {
	if !open {
		b.pause = min(max(2*b.pause, minPause), maxPause)
	}
	if !byServer {
		asked = b.pause
	}
	if until := time.Now().Add(max(asked, minPause)); !open || byServer && until.After(b.until) {
		b.until = until
	}
}

// isFailure reports whether a request was not answered, or with a failure of the server.
func isFailure(err error) bool {
	if err == nil {
		return false
	}
	outcome := outcomeOf(err)
	return outcome == OutcomeFailed || outcome == OutcomeTimeout
}

func isStatus(err error, code int32) bool {
	status, ok := err.(apierrors.APIStatus)
	return ok && status.Status().Code == code
}
