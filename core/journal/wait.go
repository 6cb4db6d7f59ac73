package journal

import (
	"context"
	"fmt"
	"time"
)

// closeWait is how long Close, and a Commit whose context has ended, wait for an answer of the disk.
const closeWait = 5 * time.Second

// await calls try with the lock held, now and after every change, until it is done or fails, or ctx ends.
func (j *Journal) await(ctx context.Context, try func() (done bool, err error)) error {
	for {
		changed, err := j.attempt(try)
		if changed == nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// attempt calls try once. If that settles nothing, it returns a channel that is closed at the next change.
func (j *Journal) attempt(try func() (bool, error)) (changed <-chan struct{}, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if done, err := try(); done || err != nil {
		return nil, err
	}
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed, nil
}

// broadcast wakes those who wait for a change. The lock is held.
func (j *Journal) broadcast() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// touch is called, with the lock held, after pending or the head has changed.
func (j *Journal) touch() {
	j.version++
	if j.writer != nil {
		j.writer.poke()
	} else {
		j.pending, j.saved = changes{}, j.version
	}
	j.broadcast()
}

// Drained blocks until nothing of these signals waits and that is stored, or ctx ends, whose error it returns. None
// means all signals.
func (j *Journal) Drained(ctx context.Context, of ...Signal) error {
	return j.await(ctx, func() (bool, error) {
		if j.waiting(of...) == 0 && j.saved == j.version {
			return true, nil
		}
		if j.closed {
			return false, ErrClosed
		}
		return false, nil
	})
}

// Seal makes this and every later Commit fail with [ErrClosed]. Records in the journal can still be taken and
// acknowledged. Sealing twice is harmless.
func (j *Journal) Seal() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seal()
}

func (j *Journal) seal() {
	j.sealed = true
	j.settle()
	j.broadcast()
}

// Close seals the journal, stores pending changes and closes the store. Commits and Nexts that wait fail with
// [ErrClosed]. It returns within seconds, with an error if the changes could not be stored: then delivered records may
// be delivered again.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.seal()
	j.mu.Unlock()
	switch {
	case j.store == nil:
		return nil
	case j.writer == nil:
		return j.store.Close()
	}
	close(j.writer.closing)
	wait := time.NewTimer(closeWait)
	defer wait.Stop()
	select {
	case <-j.writer.done:
		return j.writer.err
	case <-wait.C:
		return fmt.Errorf("close journal: the disk of %s does not respond", j.name)
	}
}
