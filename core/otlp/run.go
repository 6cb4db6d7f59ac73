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
	maxBytes  int // shrinks until the receiver takes a request
	// maxRecords shrinks until the receiver answers in time, and grows again.
	maxRecords int
	inTime     int       // requests in a row that were answered since it shrank or grew
	began      time.Time // when the last request began
}

func newRun(s *Sender, t transport) *run {
	return &run{
		Sender: s, transport: t,
		maxBytes: s.settings.MaxBytes, maxRecords: s.settings.MaxRecords,
		backoff: backoff.ExponentialBackOff{
			InitialInterval:     s.settings.RetryInitial,
			MaxInterval:         s.settings.RetryMax,
			Multiplier:          2,
			RandomizationFactor: 0.5,
		},
	}
}

// next sends the batch at the front of the outbox, once there is one.
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

// gathered is the number of bytes that are sent without waiting for more: a larger
// request costs hardly less per record, and more memory.
const gathered = 256 << 10

// gather waits for a while after the last request, so that records that come every
// millisecond don't make a request each. It doesn't wait for a record that comes later
// than that, nor if there are enough for a large request.
func (r *run) gather(ctx context.Context) error {
	from := r.began.Add(r.settings.Spacing)
	if !time.Now().Before(from) {
		return nil
	}
	select {
	case <-r.outbox.Ready(from, min(r.maxBytes, gathered), r.maxRecords):
	case <-r.short:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// deliver sends b, in one request if the receiver takes it. If the receiver refuses it
// permanently, smaller and smaller requests find the record that it refuses, and growing
// ones deliver the others: about 2 log2(n) requests for one such record among n, and one
// for each if all are refused.
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
		case r.optional(failed):
			r.report.absent(err)
			r.outbox.Rejected(len(head.Records))
		case failed.slow:
			r.maxRecords, r.inTime = len(head.Records)/2, 0
			return nil // the next batch is smaller
		case len(head.Records) == 1:
			if err := r.refused(head, err); err != nil {
				return err
			}
			b = tail
			continue
		case failed.verdict == shrink:
			r.maxBytes = length(head.Records) / 2
			r.report.shrunk(r.maxBytes, err)
			return nil // the next batch is smaller
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

// growAfter is the number of requests in a row that a slow receiver has to answer in time
// before requests grow: finding its limit costs a timeout each time.
const growAfter = 16

func (r *run) grow() {
	if r.inTime++; r.inTime < growAfter {
		return
	}
	r.maxRecords, r.inTime = min(r.settings.MaxRecords, r.maxRecords+r.maxRecords/4+1), 0
}

// refused keeps a record as a dead letter, but drops a span: no command shows or removes one.
func (r *run) refused(b journal.Batch, err error) error {
	if r.settings.Signal == Traces {
		r.report.refused("lost", err)
		r.outbox.Rejected(len(b.Records))
		return r.outbox.Ack(b)
	}
	r.report.refused("a dead letter", err)
	return r.outbox.Refuse(b, err.Error())
}
