package watch

import (
	"context"
	"log/slog"
	"time"
)

// ending is how a request ended, and what follows.
type ending struct {
	reason string // one of Reasons
	err    error  // nil: it was just closed
	denied denial // the right that the request needed

	atOnce bool // the next request doesn't wait
	wait   time.Duration
}

// isDenial reports whether the request was refused for lack of permission.
func (e ending) isDenial() bool {
	return e.reason == ReasonForbidden || e.reason == ReasonUnauthorized
}

// restart is called when a request has ended with err. It decides what the next one
// is, reports the end, and waits.
func (r *session) restart(ctx context.Context, err error) {
	e := ending{reason: reasonOf(err), err: err, denied: r.right(r.verb())}
	r.noteDenial(e)
	hadGap := r.list.gap != nil
	e.atOnce = r.plan(e.reason) || r.retry.healthy(e.reason)
	if r.castsDoubt(e.reason) {
		r.verification.due = true
	}
	e.wait = r.retry.pause(err, e.atOnce)
	r.OnRestart(e.reason)
	if r.list.gap != nil && !hadGap {
		r.logGap(ctx, r.attrs(e))
	} else {
		r.logRestart(ctx, e)
	}
	sleep(ctx, e.wait)
}

// plan draws the consequences of reason for the next request, and reports whether
// that one is so different that it need not wait.
func (r *session) plan(reason string) (atOnce bool) {
	if r.list.due {
		return r.list.failed(reason)
	}
	switch reason {
	case ReasonExpired, ReasonRewound, ReasonRewritten:
		r.needList(reason)
		return r.retry.relist()
	case ReasonInvalid: // the server can't even read the checkpoint
		r.needList(reason)
	case ReasonTooLarge:
		if r.retry.tooLarge++; r.retry.tooLarge >= maxTooLarge {
			r.needList(reason)
		}
	case ReasonStalled:
		r.retry.silent++
	}
	return false
}

// verb is the verb of the present request.
func (r *session) verb() string {
	if r.list.due && r.list.paged() {
		return "list"
	}
	return "watch"
}

// attrs are the attributes of log lines about the end of a request.
func (r *session) attrs(e ending) []slog.Attr {
	attrs := []slog.Attr{slog.String("reason", e.reason), slog.String("namespace", r.Namespace)}
	if e.isDenial() {
		attrs = append(attrs, slog.String("verb", e.denied.verb))
	}
	if e.isDenial() || !r.isPods() {
		attrs = append(attrs, slog.String("resource", r.name))
	}
	if e.err != nil {
		attrs = append(attrs, slog.String("error", e.err.Error()))
	}
	return attrs
}

// logRestart logs a restart in one line.
func (r *session) logRestart(ctx context.Context, e ending) {
	level, msg := slog.LevelWarn, "watch interrupted"
	switch {
	case e.reason == ReasonUnauthorized:
		level, msg = slog.LevelError, notAccepted
	case e.reason == ReasonForbidden && r.Optional:
		level, msg = r.warnOnce(), e.denied.String()+"; no records are emitted of them until then; "+e.denied.remedy()
	case e.reason == ReasonForbidden:
		level, msg = slog.LevelError, e.denied.String()+"; no records are emitted until then; "+e.denied.remedy()
	case e.reason == ReasonInvalid && e.atOnce:
		level, msg = slog.LevelInfo, "no streaming lists here, reading the list in pages"
	case e.reason == ReasonStalled: // usual in a cluster where nothing ever changes
		level, msg = slog.LevelInfo, "the server was silent, watching again"
	case e.reason == ReasonClosed && e.atOnce:
		level, msg = slog.LevelDebug, "watch ended, resuming"
	}
	r.Logger.LogAttrs(ctx, level, msg, append(r.attrs(e), slog.Duration("wait", e.wait))...)
}

// warnOnce returns the level of a log line that is a warning for the first time only.
func (r *session) warnOnce() slog.Level {
	if r.warned {
		return slog.LevelDebug
	}
	r.warned = true
	return slog.LevelWarn
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
