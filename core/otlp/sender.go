package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// Outbox is where the records of a [Sender] wait: a journal. The sender is its
// only consumer, and calls Next and Ack from one goroutine.
type Outbox interface {
	// Next blocks until there is a record or ctx ends, and returns the oldest
	// ones, within the limits but at least one. It returns the same until Ack,
	// and journal.ErrClosed when there never will be one again.
	Next(ctx context.Context, maxBytes, maxRecords int) (journal.Batch, error)
	// Ready returns a channel that is closed once it is the time from and there is a
	// record, or so much before that it makes no sense to wait for more, or there
	// never will be any again.
	Ready(from time.Time, bytes, records int) <-chan struct{}
	// Ack removes a batch from the front.
	Ack(b journal.Batch) error
	// Refuse removes a batch of one record from the front, which the receiver will
	// never take, and puts it among the dead letters.
	Refuse(b journal.Batch, reason string) error
	// Sent counts records that are handed to the receiver, also again.
	Sent(records int)
	// Rejected counts records that the receiver took but won't keep.
	Rejected(records int)
	Stats() journal.Stats
}

// Outcome is how a request ended.
type Outcome string

// The outcomes of a request.
const (
	Delivered Outcome = "delivered" // its records are acknowledged
	Retried   Outcome = "retried"   // its records are sent again after a pause
	Split     Outcome = "split"     // its records are sent again in smaller requests
	Refused   Outcome = "refused"   // its only record is a dead letter
	Cancelled Outcome = "cancelled" // the sender was stopped meanwhile
)

// Request is what became of one request, for counters.
type Request struct {
	Outcome  Outcome
	Records  int
	Bytes    int   // before compression
	Rejected int64 // records that the receiver took, but says it won't keep
	Took     time.Duration
}

// Hooks are told what a sender does, in its own goroutine: what blocks in them
// holds up sending. Those that are nil are left out.
type Hooks struct {
	// OnRequest is called after each request.
	OnRequest func(Request)
}

// Sender sends what is in an outbox to the receiver, in order and with one
// request at a time. A record is acknowledged once the receiver has it; sending
// it twice is possible (when an answer gets lost), losing it is not: what a
// receiver refuses for good is kept as a dead letter.
type Sender struct {
	settings Settings
	outbox   Outbox
	hooks    Hooks
	report   *reporter
	dial     func(Settings) (transport, error) // replaced in tests

	hurry   chan struct{} // closed by Hurry
	hurried sync.Once
}

// transport makes requests in one of the protocols. Errors of export are
// failures.
type transport interface {
	export(ctx context.Context, records [][]byte) (answer, error)
	close()
}

// NewSender returns a sender for enabled settings. It does nothing until Run.
func NewSender(s Settings, outbox Outbox, hooks Hooks, logger *slog.Logger) *Sender {
	s = s.withDefaults()
	return &Sender{
		settings: s,
		outbox:   outbox,
		hooks:    hooks,
		report:   newReporter(s, outbox, logger),
		dial:     dial,
		hurry:    make(chan struct{}),
	}
}

// Hurry ends a pause between attempts, and makes later ones short: time is
// running out, and a receiver that is back should be found. It may be called at
// any time, and again.
func (s *Sender) Hurry() { s.hurried.Do(func() { close(s.hurry) }) }

func dial(s Settings) (transport, error) {
	if s.Protocol == HTTP {
		return dialHTTP(s), nil
	}
	return dialGRPC(s)
}

// Run sends until ctx ends, which cancels a request in flight, or until the
// outbox is closed and empty; both are no error. A receiver that is down isn't
// one either: Run fails only with the outbox. It may be called again after it has
// returned, but not twice at once.
//
// To stop without leaving records behind, close the outbox, call [Sender.Hurry],
// wait until the outbox is drained or for as long as one likes to wait, and only
// then end ctx.
func (s *Sender) Run(ctx context.Context) error {
	t, err := s.dial(s.settings)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", s.settings.Target(), err)
	}
	defer t.close()

	r := &run{Sender: s, transport: t, maxBytes: s.settings.MaxBytes, maxRecords: s.settings.MaxRecords, backoff: backoff.ExponentialBackOff{
		InitialInterval:     s.settings.RetryInitial,
		MaxInterval:         s.settings.RetryMax,
		Multiplier:          2,
		RandomizationFactor: 0.5,
	}}
	for {
		err := r.next(ctx)
		switch {
		case err == nil:
		case ctx.Err() != nil, errors.Is(err, journal.ErrClosed):
			return nil
		default:
			return err
		}
	}
}
