package otlp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// run is one run of a Sender.
type run struct {
	*Sender
	transport transport
	backoff   backoff.ExponentialBackOff
	maxBytes  int // shrinks to what the receiver takes
	// maxRecords shrinks to what the receiver answers in time to, and grows again.
	maxRecords int
	inTime     int       // requests in a row that were answered since it shrank or grew
	began      time.Time // the last request
}

// next sends the batch at the front of the outbox.
func (r *run) next(ctx context.Context) error {
	if err := r.gather(ctx); err != nil {
		return err
	}
	b, err := r.outbox.Next(ctx, r.maxBytes, r.maxRecords)
	if err != nil {
		return fmt.Errorf("take records: %w", err)
	}
	return r.deliver(ctx, b)
}

// gathered is how many bytes of records don't wait for more: a larger request
// costs hardly less for each, and more memory.
const gathered = 256 << 10

// gather lets records come together after a request, so that where one comes each
// millisecond there isn't a request for each. One that comes after a while is sent
// at once, and so is what makes a large request.
func (r *run) gather(ctx context.Context) error {
	from := r.began.Add(r.settings.Spacing)
	if !time.Now().Before(from) {
		return nil
	}
	select {
	case <-r.outbox.Ready(from, min(r.maxBytes, gathered), r.maxRecords):
	case <-r.hurry:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// deliver sends b, in one request if the receiver lets it. If it refuses for
// good, ever smaller ones find the record that it refuses, and growing ones
// bring the others through: about 2 log2(n) requests for one such record among
// n, and one for each where all are refused.
func (r *run) deliver(ctx context.Context, b journal.Batch) error {
	size := len(b.Records)
	for len(b.Records) > 0 {
		head, tail := b.Cut(min(size, len(b.Records)))
		err := r.insist(ctx, head.Records)
		failed, ok := errors.AsType[*failure](err)
		switch {
		case err == nil:
			size *= 2
			r.grow()
		case !ok:
			return err
		case failed.slow:
			r.maxRecords, r.inTime = len(head.Records)/2, 0
			return nil // the outbox makes smaller batches
		case len(head.Records) == 1:
			if err := r.refused(head, err); err != nil {
				return err
			}
			b = tail
			continue
		case failed.verdict == shrink:
			r.maxBytes = length(head.Records) / 2
			r.report.shrunk(r.maxBytes, err)
			return nil // the outbox makes smaller batches
		default:
			size = len(head.Records) / 2
			continue
		}
		if err := r.outbox.Ack(head); err != nil {
			return err
		}
		b = tail
	}
	return nil
}

// patience is how many requests have to be answered in time before more is asked
// of a receiver that was slow: to find its limit costs a time-out each time.
const patience = 16

func (r *run) grow() {
	if r.inTime++; r.inTime < patience {
		return
	}
	r.maxRecords, r.inTime = min(r.settings.MaxRecords, r.maxRecords+r.maxRecords/4+1), 0
}

// insist sends records until the receiver takes them, refuses them for good
// (the error is a failure then), or ctx ends. It also returns where several
// records are too many to get an answer in time: to send the same again would
// double them for ever.
func (r *run) insist(ctx context.Context, records [][]byte) error {
	for {
		err := r.attempt(ctx, records)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		failed, ok := errors.AsType[*failure](err)
		if !ok || failed.verdict != retry {
			r.backoff.Reset()
			r.report.recovered()
			return err
		}
		r.report.failed(err)
		if err := r.rest(ctx, r.pause(failed.after)); err != nil {
			return err
		}
		if failed.slow && len(records) > 1 {
			return failed
		}
	}
}

// attempt makes one request.
func (r *run) attempt(ctx context.Context, records [][]byte) error {
	start := time.Now()
	r.began = start
	timed, cancel := context.WithTimeout(ctx, r.settings.Timeout)
	defer cancel()
	r.outbox.Sent(len(records))
	a, err := r.transport.export(timed, records)
	failed, _ := errors.AsType[*failure](err)
	answered := failed != nil && (failed.verdict != retry || failed.after > 0) // however late
	switch {
	case err == nil:
		r.outbox.Rejected(int(min(a.rejected, int64(len(records)))))
		r.report.answered(a)
	case time.Since(start) > r.settings.Timeout*9/10 && ctx.Err() == nil && !answered:
		// What the protocols say then is anything from "context deadline
		// exceeded" to a stream error, and gRPC's server, which knows the
		// deadline too, may say it a little before.
		err = &failure{slow: true, err: fmt.Errorf("no answer within %s: %w", r.settings.Timeout, err)}
	}
	if r.hooks.OnRequest != nil {
		r.hooks.OnRequest(Request{
			Outcome:  outcome(ctx, records, err),
			Records:  len(records),
			Bytes:    length(records),
			Rejected: a.rejected,
			Took:     time.Since(start),
		})
	}
	return err
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

// pause is how long to wait before the next attempt: as the receiver wishes,
// within reason, else ever longer.
func (r *run) pause(wish time.Duration) time.Duration {
	if wish <= 0 {
		return r.backoff.NextBackOff()
	}
	return max(r.settings.RetryInitial, min(wish, r.settings.RetryHintMax))
}

func (r *run) refused(b journal.Batch, err error) error {
	r.report.refused(err)
	return r.outbox.Refuse(b, err.Error())
}

func length(records [][]byte) int {
	n := 0
	for _, r := range records {
		n += len(r)
	}
	return n
}

// rest sleeps between two attempts, or hardly any more once [Sender.Hurry] was
// called.
func (r *run) rest(ctx context.Context, d time.Duration) error {
	woken, err := sleep(ctx, d, r.hurry)
	if woken {
		_, err = sleep(ctx, min(d, r.settings.RetryInitial), nil)
	}
	return err
}

// sleep ends with an error where ctx does, and early where wake is closed.
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
