package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// flushDelay is how long acknowledgements wait for a Commit whose transaction they can share: under load they cost
	// none of their own.
	flushDelay = 20 * time.Millisecond

	firstPause = 100 * time.Millisecond // after an error
	lastPause  = 5 * time.Second

	spareBytes = 4 << 20 // of the buffer that is kept from one transaction to the next
)

// writer is the goroutine that writes a journal to its store.
type writer struct {
	j       *Journal
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}
	err     error // of the end, once done is closed

	// With the lock of the journal:
	request  *request // of the Commit that waits; nil: none does
	inFlight changes  // of the transaction that is being made

	// Of the goroutine:
	head   []byte       // of the last transaction
	tried  *transaction // whose fate is unknown
	buffer []byte       // for encoded chunks
	small  []Entry      // memory for those of a transaction
}

func newWriter(j *Journal, head []byte) *writer {
	return &writer{
		j: j, head: head,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
	}
}

func (w *writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run makes one transaction after the other until the journal is closed.
func (w *writer) run() {
	defer close(w.done)
	w.compact()
	for w.wait() && w.persist() {
		w.compact()
	}
	w.err = errors.Join(w.end(), w.j.store.Close())
}

// wait returns once there is something to store, and false at the end.
func (w *writer) wait() bool {
	var flush <-chan time.Time
	for {
		w.j.mu.Lock()
		wanted, dirty := w.request != nil, w.j.version != w.j.saved
		w.j.mu.Unlock()
		if wanted {
			return true
		}
		if dirty && flush == nil {
			flush = time.After(max(flushDelay, w.j.options.flushDelay))
		}
		select {
		case <-w.wake:
		case <-flush:
			return true
		case <-w.closing:
			return false
		}
	}
}

// persist stores all changes. It returns once they are stored or no longer wanted, and false at the end.
func (w *writer) persist() bool {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if w.withdraw() {
			return true
		}
		err := w.attempt()
		w.report(err)
		if err == nil {
			return true
		}
		select {
		case <-time.After(pause):
		case <-w.canceled():
		case <-w.closing:
			return false
		}
	}
}

// attempt makes one transaction of everything that is to be stored. After an error nothing is lost: the changes are
// still in memory, or found in the store.
func (w *writer) attempt() error {
	if w.tried == nil {
		w.tried = w.gather()
	}
	t := w.tried
	if w.changesNothing(t) {
		w.complete(t)
		return nil
	}
	result, err := w.j.store.Apply(&t.Change)
	switch result {
	case Stored:
		w.complete(t)
	case NotStored:
		w.putBack(t)
	case Unknown:
	}
	return err
}

// compact lets the store get smaller while nothing waits.
func (w *writer) compact() {
	w.j.mu.Lock()
	waiting := w.j.waiting()
	w.j.mu.Unlock()
	if waiting > 0 || w.tried != nil {
		return
	}
	if err := w.j.store.Compact(); err != nil {
		w.report(err)
	}
}

// report notes whether the disk works.
func (w *writer) report(err error) {
	j := w.j
	j.mu.Lock()
	j.failing = err
	if err == nil {
		j.failingSince = time.Time{}
	} else if j.failingSince.IsZero() {
		j.failingSince = time.Now()
	}
	j.mu.Unlock()
	if err != nil && j.options.OnError != nil {
		j.options.OnError(err)
	}
}

// end answers the Commit that may still wait, and stores the last changes.
func (w *writer) end() error {
	w.j.mu.Lock()
	if w.request != nil && w.tried == nil {
		w.answer(ErrClosed)
	}
	w.j.mu.Unlock()
	err := w.attempt()
	if err != nil {
		err = fmt.Errorf("close journal: %w", err)
	}
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	if w.request != nil {
		w.answer(errors.Join(ErrClosed, ErrUncertain, context.Canceled))
	}
	return err
}
