package measure

import (
	"context"
	"errors"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/sink"
)

const (
	poll = 50 * time.Millisecond
	// idle is the CPU time in a poll's time below which a program does nothing of
	// importance.
	idle = 2 * time.Millisecond
	// maxWait is how long anything may take.
	maxWait = 5 * time.Minute
)

var errWait = errors.New("it takes too long")

// drain waits until there is a record of the last event at every place where
// there should be one, or nothing moves any more.
func (r *run) drain(ctx context.Context) error {
	arrived := func() bool {
		for _, tally := range r.places() {
			if tally.State().Last < r.Events-1 {
				return false
			}
		}
		return true
	}
	return r.wait(ctx, func(still time.Duration) bool { return arrived() || still > 3*r.Subject.Quiet })
}

// rest waits until ready, and until nothing moves any more.
func (r *run) rest(ctx context.Context, ready func() bool) error {
	return r.wait(ctx, func(still time.Duration) bool { return ready() && still > r.Subject.Quiet })
}

// places are where records are to be seen.
func (r *run) places() (all []*sink.Tally) {
	if r.Subject.Sends {
		all = append(all, r.otlp)
	}
	if r.Subject.Lines || !r.Subject.Sends {
		all = append(all, r.stdout)
	}
	return all
}

// wait waits until done, which receives the time without progress: neither the program nor its
// records.
func (r *run) wait(ctx context.Context, done func(still time.Duration) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, errWait)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	last, err := r.process.CPU()
	if err != nil {
		return err
	}
	moved := time.Now()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		if err := r.process.Err(); err != nil {
			return err
		}
		now, err := r.process.CPU()
		if err != nil {
			return err
		}
		if now-last > idle {
			moved = time.Now()
		}
		last = now
		for _, tally := range r.places() {
			if at := tally.State().Activity; at.After(moved) {
				moved = at
			}
		}
		if done(time.Since(moved)) {
			return nil
		}
	}
}
