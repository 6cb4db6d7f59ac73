package otlp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// insist sends records until the receiver accepts them, refuses them permanently (the error
// is a failure then), or ctx ends. It also returns if there is no answer in time to
// several records: the same request could time out, and be duplicated, forever.
func (r *run) insist(ctx context.Context, records [][]byte) error {
	for {
		err := r.attempt(ctx, records)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		failed, ok := errors.AsType[*failure](err)
		if !ok || failed.verdict != retry || r.optional(failed) {
			r.backoff.Reset()
			r.report.recovered()
			return err
		}
		r.report.failed(err)
		if err := r.wait(ctx, r.pause(failed.after)); err != nil {
			return err
		}
		if failed.slow && len(records) > 1 {
			return failed
		}
	}
}

// optional reports whether a failure costs the records, because the receiver doesn't take any of their signal, and the
// signal is one that few receivers of logs take.
func (s *Sender) optional(f *failure) bool { return f.absent && s.settings.Signal == Traces }

// attempt makes one request.
func (r *run) attempt(ctx context.Context, records [][]byte) error {
	start := time.Now()
	r.began = start
	timed, cancel := context.WithTimeout(ctx, r.settings.Timeout)
	defer cancel()
	r.outbox.Sent(len(records))
	a, err := r.transport.export(timed, records)
	switch {
	case err == nil:
		r.outbox.Rejected(int(min(a.rejected, int64(len(records)))))
		r.report.answered(a)
	case time.Since(start) > r.settings.Timeout*9/10 && ctx.Err() == nil && !isAnswer(err):
		// The error is anything from "context deadline exceeded" to a stream
		// error, and comes a little early from a gRPC server, which has the
		// deadline too.
		err = &failure{slow: true, err: fmt.Errorf("no answer within %s: %w", r.settings.Timeout, err)}
	}
	if r.hooks.OnRequest != nil {
		r.hooks.OnRequest(Request{
			Signal:   r.settings.Signal,
			Outcome:  outcome(ctx, records, err),
			Records:  len(records),
			Bytes:    length(records),
			Rejected: a.rejected,
			Took:     time.Since(start),
		})
	}
	return err
}

// isAnswer reports whether the error is the receiver's answer, however late.
func isAnswer(err error) bool {
	failed, ok := errors.AsType[*failure](err)
	return ok && (failed.verdict != retry || failed.after > 0)
}

func outcome(ctx context.Context, records [][]byte, err error) Outcome {
	if err == nil {
		return Delivered
	}
	if ctx.Err() != nil {
		return Cancelled
	}
	if failed, ok := errors.AsType[*failure](err); ok && failed.verdict == retry {
		return Retried
	}
	if len(records) == 1 {
		return Refused
	}
	return Split
}

// pause returns the time to wait before the next attempt: the receiver's, within bounds,
// or else a growing one.
func (r *run) pause(asked time.Duration) time.Duration {
	if asked <= 0 {
		return r.backoff.NextBackOff()
	}
	return max(r.settings.RetryInitial, min(asked, r.settings.RetryHintMax))
}

// wait waits between two attempts, for a short time only after [Sender.ShortenPauses].
func (r *run) wait(ctx context.Context, d time.Duration) error {
	woken, err := sleep(ctx, d, r.short)
	if woken {
		_, err = sleep(ctx, min(d, r.settings.RetryInitial), nil)
	}
	return err
}

// sleep returns early when wake is closed, and with an error when ctx ends.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) (woken bool, err error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, nil
	case <-wake:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func length(records [][]byte) int {
	n := 0
	for _, r := range records {
		n += len(r)
	}
	return n
}
