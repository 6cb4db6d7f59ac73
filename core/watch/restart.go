package watch

import (
	"context"
	"errors"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// restart decides, once a request has ended with err, what the next one is,
// says so, and waits for its time.
func (r *session) restart(ctx context.Context, err error) {
	reason := reasonOf(err)
	attrs := r.describe(reason, err)
	r.deny(reason, r.verb())
	denied := denial{r.verb(), r.Namespace, r.Resource}
	hadGap := r.gap != nil
	atOnce := r.plan(reason) || r.healthy(reason)
	r.doubt = r.doubt || r.doubtful(reason)
	wait := r.pause(err, atOnce)
	r.OnRestart(reason)
	if r.gap != nil && !hadGap {
		r.logGap(ctx, attrs)
	} else {
		r.logRestart(ctx, reason, atOnce, denied, append(attrs, slog.Duration("wait", wait)))
	}
	sleep(ctx, wait)
}

// plan draws the consequences of reason for the next request, and reports
// whether that one is so different that it need not wait.
func (r *session) plan(reason string) (atOnce bool) {
	if r.relist {
		return r.planList(reason)
	}
	switch reason {
	case ReasonExpired, ReasonRewound, ReasonRewritten:
		r.needList(reason)
		return r.progressed
	case ReasonInvalid: // a checkpoint that the server can't even read
		r.needList(reason)
	case ReasonTooLarge:
		if r.stuck++; r.stuck >= maxStuck {
			r.needList(reason)
		}
	case ReasonStalled:
		r.stalls++
	}
	return false
}

// planList decides how a list that failed is tried again. Streaming lists are
// refused in many ways: with 422 or 400, by ERROR events with code 500 (etcd
// too old), by silence. Only the first can be told from a passing trouble; so
// the others make way for pages too, but not for good: the right to "list" may
// be missing. What says nothing about streaming lists doesn't count.
func (r *session) planList(reason string) (atOnce bool) {
	switch {
	case r.paged():
		r.cuts = 0
		if reason == ReasonExpired {
			r.expired, r.cuts = r.expired+1, maxCuts
		}
	case reason == ReasonInvalid:
		r.refused = true
		return true
	case reason == ReasonStalled:
		r.cuts = maxCuts
	case reason != ReasonRefused && reason != ReasonThrottled && reason != ReasonUnauthorized && reason != ReasonForbidden:
		r.cuts++
	}
	return false
}

// healthy reports whether the request ended as watches do. One that brought
// little more than its end is not: it would be made again and again.
func (r *session) healthy(reason string) bool {
	return reason == ReasonClosed && r.progressed && time.Since(r.began) >= r.BackoffInitial
}

// pause returns how long to wait: never less than the server asked for.
func (r *session) pause(err error, atOnce bool) time.Duration {
	if r.progressed || errors.Is(err, errStalled) { // waiting in silence was long enough
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

// verb is that of the present request, before plan.
func (r *session) verb() string {
	if r.relist && r.paged() {
		return "list"
	}
	return "watch"
}

// describe is called before plan, which changes what the request was.
func (r *session) describe(reason string, err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("reason", reason), slog.String("namespace", r.Namespace)}
	denied := reason == ReasonForbidden || reason == ReasonUnauthorized
	if denied {
		attrs = append(attrs, slog.String("verb", r.verb()))
	}
	if denied || !r.isPods() {
		attrs = append(attrs, slog.String("resource", r.name))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	return attrs
}

// logRestart writes the one line that a restart is worth.
func (r *session) logRestart(ctx context.Context, reason string, atOnce bool, denied denial, attrs []slog.Attr) {
	level, msg := slog.LevelWarn, "watch interrupted"
	switch {
	case reason == ReasonUnauthorized:
		level, msg = slog.LevelError, notAccepted
	case reason == ReasonForbidden:
		level, msg = slog.LevelError, denied.String()+"; nothing is told of them until then; "+denied.remedy()
	case reason == ReasonInvalid && atOnce:
		level, msg = slog.LevelInfo, "no streaming lists here, reading the list in pages"
	case reason == ReasonStalled: // where nothing ever changes, that is usual
		level, msg = slog.LevelInfo, "nothing heard from the server, asking anew"
	case reason == ReasonClosed && atOnce:
		level, msg = slog.LevelDebug, "watch ended, resuming"
	}
	r.Logger.LogAttrs(ctx, level, msg, attrs...)
}
