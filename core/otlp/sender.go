package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// Outbox contains the pending records of one signal; a journal has it. The sender is its
// only consumer, and calls Next and Ack from one goroutine.
type Outbox interface {
	// Next blocks until there is a record or ctx ends, and returns the oldest
	// ones, within the limits but at least one. It returns the same until Ack,
	// and journal.ErrClosed once no record can come any more.
	Next(ctx context.Context, maxBytes, maxRecords int) (journal.Batch, error)
	// Ready returns a channel that is closed at the time from if there is a record
	// then, or else when one comes; before that when there are so many bytes or
	// records, and once no more can come.
	Ready(from time.Time, bytes, records int) <-chan struct{}
	// Ack removes a batch from the front.
	Ack(b journal.Batch) error
	// Refuse moves a batch of one record, which the receiver will never take, from
	// the front to the dead letters.
	Refuse(b journal.Batch, reason string) error
	// Sent counts records that are sent, each time they are.
	Sent(records int)
	// Rejected counts records that the receiver acknowledged but rejected.
	Rejected(records int)
	Stats() journal.SignalStats
}

// Outcome is the outcome of a request.
type Outcome string

// The outcomes of a request.
const (
	Delivered Outcome = "delivered" // its records are acknowledged
	Retried   Outcome = "retried"   // its records are sent again after a pause
	Split     Outcome = "split"     // its records are sent again in smaller requests
	Refused   Outcome = "refused"   // its only record is a dead letter
	Cancelled Outcome = "cancelled" // the sender was stopped meanwhile
)

// Request describes a request after its end, for counters.
type Request struct {
	Signal   Signal
	Outcome  Outcome
	Records  int
	Bytes    int   // before compression
	Rejected int64 // records that the receiver acknowledged but rejected
	Took     time.Duration
}

// Hooks are called by a sender in its own goroutine, so they must not block. They may be
// nil.
type Hooks struct {
	// OnRequest is called after each request.
	OnRequest func(Request)
}

// Sender sends the records of an outbox to the receiver, in order and with one request at a time. A
// record is acknowledged once the receiver has it. If an answer gets lost, its records are sent
// again. A record that the receiver refuses permanently becomes a dead letter.
type Sender struct {
	settings Settings
	outbox   Outbox
	hooks    Hooks
	report   *reporter
	dial     func(Settings) (transport, error) // replaced in tests

	short   chan struct{} // closed by ShortenPauses
	shorten sync.Once
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
		short:    make(chan struct{}),
	}
}

// ShortenPauses ends a pause between attempts, and makes later ones short, so that a
// receiver that is back is found before the program ends. It may be called at any time,
// and repeatedly.
func (s *Sender) ShortenPauses() { s.shorten.Do(func() { close(s.short) }) }

func dial(s Settings) (transport, error) {
	if s.Protocol == HTTP {
		return dialHTTP(s), nil
	}
	return dialGRPC(s)
}

// Run sends until ctx ends, which cancels a request in flight, or until the outbox is
// closed and empty; it returns nil then. It retries while the receiver is down, and fails
// only with the outbox. It may be called again after it has returned.
//
// To stop without leaving records behind, close the outbox, call
// [Sender.ShortenPauses], wait until the outbox is drained or a deadline is over, and
// then end ctx.
func (s *Sender) Run(ctx context.Context) error {
	t, err := s.dial(s.settings)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", s.settings.Target(), err)
	}
	defer t.close()

	r := newRun(s, t)
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
