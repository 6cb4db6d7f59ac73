package watch

import (
	"context"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// restart decides, once a request has ended with err, what the next one is,
// says so, and waits for its time.
func (r *session) restart(ctx context.Context, err error) {
	reason := reasonOf(err)
	wasList := r.relist
	atOnce := r.plan(reason) || r.healthy(reason)
	wait := r.pause(err, atOnce)
	r.OnRestart(reason)
	r.logRestart(ctx, reason, err, wait, !wasList && r.relist)
	sleep(ctx, wait)
}

// plan draws the consequences of reason for the next request, and reports
// whether that one is new enough not to wait for.
func (r *session) plan(reason string) (atOnce bool) {
	switch reason {
	case ReasonExpired:
		if r.relist {
			r.expired++
			return false
		}
		r.needList()
		return r.progressed
	case ReasonInvalid:
		if !r.relist { // a checkpoint that the server can't even read
			r.needList()
			return false
		}
		atOnce = !r.refused
		r.refused = true
		return atOnce
	case ReasonStalled, ReasonTooLarge:
		r.planStuck(reason)
	default:
		if r.relist && r.delivered {
			r.cuts++
		}
	}
	return false
}

// planStuck counts requests that could not resume. A streaming list that stalls
// is not tried again: a server that ignores sendInitialEvents and has no
// bookmarks looks like that.
func (r *session) planStuck(reason string) {
	if r.relist {
		if reason == ReasonStalled {
			r.cuts = maxCuts
		}
		return
	}
	if r.stuck++; r.stuck >= maxStuck {
		r.needList()
	}
}

func (r *session) needList() {
	r.relist, r.gap = true, true
	r.stuck = 0
	r.synced.Store(false)
}

// healthy reports whether the request ended as watches do. One that brought
// little more than its end is not: it would be made again and again.
func (r *session) healthy(reason string) bool {
	return reason == ReasonClosed && r.progressed && time.Since(r.began) >= r.BackoffInitial
}

// pause returns how long to wait: never less than the server asked for.
func (r *session) pause(err error, atOnce bool) time.Duration {
	if r.progressed {
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

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// logRestart writes the one line that a restart is worth.
func (r *session) logRestart(ctx context.Context, reason string, err error, wait time.Duration, gap bool) {
	attrs := []slog.Attr{slog.String("reason", reason), slog.String("namespace", r.Namespace), slog.Duration("wait", wait)}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	level, msg := slog.LevelWarn, "watch interrupted"
	switch {
	case gap:
		msg = "watch history is gone, comparing the full list"
		attrs = append(attrs, slog.String("from", r.checkpoint))
	case reason == ReasonForbidden || reason == ReasonUnauthorized:
		level, msg = slog.LevelError, "not allowed to watch pods"
		attrs = append(attrs, slog.String("verb", r.verb()), slog.String("resource", "pods"))
	case reason == ReasonInvalid && wait == 0:
		level, msg = slog.LevelInfo, "no streaming lists here, reading the list in pages"
	case reason == ReasonClosed && wait == 0:
		level, msg = slog.LevelDebug, "watch ended, resuming"
	}
	r.Logger.LogAttrs(ctx, level, msg, attrs...)
}

// verb is the one that the request which just ended needed.
func (r *session) verb() string {
	if r.relist && r.paged() {
		return "list"
	}
	return "watch"
}

// logListed writes the one line that a complete list is worth.
func (r *session) logListed(to string) {
	msg := "pods listed"
	if r.gap {
		msg = "watch history was gone, the full list is read"
	}
	r.Logger.Info(msg, "namespace", r.Namespace, "from", r.checkpoint, "to", to, "pods", r.pods)
}
