package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// A run ends in this order:
//
//  1. A signal cancels the context of the run, or the source has no more events.
//     No event is read any more. From a signal on, steps 2 to 4 together have the
//     shutdown timeout; a second signal kills the process.
//  2. The pipeline emits and commits the records of all events that were read.
//  3. The journal is sealed: it accepts nothing more.
//  4. The sender stops waiting for requests to fill, and sends all pending records.
//     Without a signal it may take as long as the receiver acknowledges something
//     within the shutdown timeout.
//  5. The parts are closed, the last opened one first: metrics and health, export of
//     metrics, owners, plugins, journal.
//
// Records that are pending after that stay in the journal of state.dir for the next
// start. Without state.dir they are lost, and the run fails.

// Source sends events until it has no more or ctx ends. It returns an error if it
// ended early.
type Source func(ctx context.Context, out chan<- watch.Event) error

// maxWaiting is the number of events between the source and the pipeline: enough
// for a commit group, and few enough to cost no memory to speak of.
const maxWaiting = 256

// run takes events from the source until it ends or ctx does, and delivers their
// records.
func (s *service) run(ctx context.Context, source Source) error {
	timeout, cancel := s.startTimeout(ctx)
	defer cancel()
	defer s.startSender(ctx)()

	events := make(chan watch.Event, maxWaiting)
	sourced := make(chan error, 1)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	go func() {
		defer close(events)
		sourced <- source(reading, events)
	}()

	emitted := make(chan error, 1) // a write that blocks can't be cancelled: it is left behind
	go func() { emitted <- s.pipeline.Run(timeout, events) }()
	var err error
	select {
	case err = <-emitted:
	case <-timeout.Done():
	}
	if timeout.Err() != nil {
		return s.undelivered(fmt.Sprintf("records are left: %s did not accept them within the shutdown timeout",
			s.blockedBy()))
	}
	stopReading()
	if sourceErr := <-sourced; sourceErr != nil && ctx.Err() == nil {
		err = errors.Join(err, sourceErr)
	}
	return errors.Join(err, s.drain(timeout))
}

// startTimeout returns a context that ends one shutdown timeout after ctx.
func (s *service) startTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		s.log.Info("stopping; a second signal stops at once", "timeout", s.config.GracePeriod())
		s.shortenPauses() // the pipeline may be blocked by a full journal
		time.AfterFunc(s.config.GracePeriod(), cancel)
	})
	return timeout, func() { stop(); cancel() }
}

// startSender starts to send, whatever becomes of ctx, until stop is called.
func (s *service) startSender(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, sender := range s.senders() {
		running.Go(func() { s.keepSending(ctx, sender) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// senders returns the senders of records and spans.
func (s *service) senders() (list []*otlp.Sender) {
	for _, sender := range []*otlp.Sender{s.sender, s.traces} {
		if sender != nil {
			list = append(list, sender)
		}
	}
	return list
}

func (s *service) shortenPauses() {
	for _, sender := range s.senders() {
		sender.ShortenPauses()
	}
}

// keepSending runs a sender until ctx ends or everything is sent. Other errors are
// those of the journal, which may pass.
func (s *service) keepSending(ctx context.Context, sender *otlp.Sender) {
	const pause = 5 * time.Second
	for {
		err := sender.Run(ctx)
		if err == nil {
			return
		}
		s.log.Error("sending was interrupted, retrying", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// spansPatience is how long the end of a run waits for a receiver that takes no spans.
const spansPatience = 2 * time.Second

// drain waits until nothing is pending, or the receiver has acknowledged nothing for
// the shutdown timeout. Spans that are left are no error.
func (s *service) drain(timeout context.Context) error {
	s.journal.Seal()
	s.shortenPauses()
	if s.sender != nil {
		if left, err := s.deliver(timeout, journal.Logs, s.config.GracePeriod()); err != nil {
			return s.pending(left)
		}
	}
	if s.traces != nil {
		patience := min(spansPatience, s.config.GracePeriod())
		if left, err := s.deliver(timeout, journal.Traces, patience); err != nil {
			s.log.Warn("spans are left: their receiver did not accept them in time", "spans_waiting", left)
		}
	}
	return s.refused()
}

// deliver waits until nothing of a signal is pending, or the receiver has acknowledged
// nothing for as long as patience. It returns how many records or spans are left.
func (s *service) deliver(timeout context.Context, of journal.Signal, patience time.Duration) (left int, err error) {
	pending := func() int { return s.journal.Stats().Signals[of].Records }
	for before := pending(); ; before = left {
		waiting, cancel := context.WithTimeout(timeout, patience)
		err = s.journal.Drained(waiting, of)
		cancel()
		left = pending()
		if err == nil || timeout.Err() != nil || left == before {
			return left, err
		}
	}
}

// refused returns an error for the dead letters that are lost with the process.
func (s *service) refused() error {
	if n := s.journal.Stats().Signals[journal.Logs].Totals.Dead; n > 0 && s.config.State.Dir == "" {
		return fmt.Errorf("the OTLP receiver refused %d records", n)
	}
	return nil
}

func (s *service) pending(records int) error {
	if records == 0 {
		return s.undelivered("the journal did not commit the last acknowledgements within the shutdown timeout")
	}
	return s.undelivered(fmt.Sprintf(
		"%d records are left: the OTLP receiver did not accept them within the shutdown timeout", records))
}

// undelivered is the end of a run with records left: an error if they are lost with
// the process.
func (s *service) undelivered(what string) error {
	if s.config.State.Dir == "" {
		return errors.New(what)
	}
	s.log.Warn("stopped before everything was delivered; the next start resumes", "left", what)
	return nil
}

// close closes the parts.
func (s *service) close() {
	if err := s.closers.close(); err != nil {
		s.log.Error("the shutdown was not clean", "error", err)
	}
}
