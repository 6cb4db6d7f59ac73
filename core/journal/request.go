package journal

import (
	"context"
	"errors"
	"time"
)

// request is an addition that a Commit wants to be stored.
type request struct {
	addition  *addition
	ctx       context.Context //nolint:containedctx // it is that of the call that waits for the answer
	done      chan error
	abandoned bool // nobody waits for the answer any more
}

// write hands an addition to the goroutine and waits for its answer. A disk may take longer than ctx lasts: then the
// fate of the addition is unknown.
func (w *writer) write(ctx context.Context, a *addition) error {
	r := &request{addition: a, ctx: ctx, done: make(chan error, 1)}
	w.j.mu.Lock()
	if w.j.closed {
		w.j.mu.Unlock()
		return ErrClosed
	}
	w.request = r
	w.j.mu.Unlock()
	w.poke()
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	wait := time.NewTimer(closeWait)
	defer wait.Stop()
	select {
	case err := <-r.done:
		return err
	case <-wait.C:
		return w.abandon(ctx, r)
	}
}

// abandon leaves a request without its answer, unless that has just come.
func (w *writer) abandon(ctx context.Context, r *request) error {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	select {
	case err := <-r.done:
		return err
	default:
	}
	r.abandoned, w.j.uncertain = true, true
	return errors.Join(ctx.Err(), ErrUncertain)
}

// canceled returns a channel that is closed when the Commit that waits no longer does.
func (w *writer) canceled() <-chan struct{} {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	if w.request == nil || w.tried != nil {
		return nil // while its fate is unknown it can't be withdrawn
	}
	return w.request.ctx.Done()
}

// withdraw answers a Commit whose context has ended, if nothing of it is in the store. It reports whether nothing is
// left to be stored.
func (w *writer) withdraw() bool {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	if w.tried == nil && w.request != nil && w.request.ctx.Err() != nil {
		w.answer(w.request.ctx.Err())
	}
	return w.tried == nil && w.request == nil && w.j.saved == w.j.version
}

// answer returns the result to the Commit that waits. The lock is held.
func (w *writer) answer(err error) {
	r := w.request
	w.request = nil
	r.done <- err
	if r.abandoned && err != nil {
		w.j.uncertain = false // it isn't in the store, as its Commit has returned
	}
}
