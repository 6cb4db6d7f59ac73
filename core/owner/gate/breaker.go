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

// PausedError reports that no request was made, or that the server refused it for now.
type PausedError struct {
	Until time.Time // the next request can be made

	cause error // nil: no request was made
}

func (e *PausedError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	return fmt.Sprintf("no requests before %s, as the API server asked for a pause", e.Until.Format(time.TimeOnly))
}

// Unwrap returns the answer of the server, nil if no request was made.
func (e *PausedError) Unwrap() error { return e.cause }

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

func newBreakers() *breakers { return &breakers{known: newLRU[string, *breaker](maxBreakers)} }

// Builtin reports whether Kubernetes itself serves the API group of owners.
func Builtin(group string) bool { return group == "" || group == "apps" || group == "batch" }

// keyOf returns the key of the breaker for an API group.
func keyOf(group string) string {
	if Builtin(group) {
		return ""
	}
	return group
}

// check returns an error if no request of the group may be made.
func (b *breakers) check(group string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one, ok := b.known.Get(keyOf(group)); ok && time.Now().Before(one.until) {
		return &PausedError{Until: one.until}
	}
	return nil
}

// note takes the outcome of a request of the group that was made with ctx, and returns the
// error for its caller.
func (b *breakers) note(ctx context.Context, group string, err error) error {
	group = keyOf(group)
	asked, ok := transport.RetryAfter(ctx, err)
	ok = ok && err != nil
	b.mu.Lock()
	defer b.mu.Unlock()
	one, known := b.known.Get(group)
	throttled := ok || apierrors.IsTooManyRequests(err) || isStatus(err, http.StatusServiceUnavailable)
	open := known && time.Now().Before(one.until) // since this request began
	if err == nil {
		if known && !open {
			b.known.Remove(group)
		}
		return nil
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
	return &PausedError{one.until, err}
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

func isStatus(err error, code int32) bool {
	status, ok := err.(apierrors.APIStatus)
	return ok && status.Status().Code == code
}
