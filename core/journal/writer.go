package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// flushDelay is how long the disk isn't told of acknowledgements, unless
	// there comes a Commit: under load they cost no transaction of their own.
	flushDelay = 20 * time.Millisecond

	firstPause = 100 * time.Millisecond // after an error
	lastPause  = 5 * time.Second
)

// run makes one transaction after the other until the journal is closed.
func (d *disk) run() {
	defer close(d.done)
	d.tidy()
	for d.wait() {
		d.persist()
		d.tidy()
	}
	d.err = d.end()
	d.drop()
	_ = d.lock.Close() // which gives the lock back
}

// wait returns once there is something to do, and false at the end.
func (d *disk) wait() bool {
	var flush <-chan time.Time
	for {
		d.j.mu.Lock()
		wanted, dirty := d.request != nil, d.j.version != d.j.saved
		d.j.mu.Unlock()
		if wanted {
			return true
		}
		if dirty && flush == nil {
			flush = time.After(max(flushDelay, d.j.options.flushDelay))
		}
		select {
		case <-d.wake:
		case <-flush:
			return true
		case <-d.closing:
			return false
		}
	}
}

// persist stores what there is to store, until it is stored or nobody wants it
// any more.
func (d *disk) persist() {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if d.withdrawn() {
			return
		}
		err := d.attempt()
		d.tell(err)
		if err == nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-d.canceled():
		case <-d.closing:
			return
		}
	}
}

// canceled is closed when the Commit that waits does so no longer.
func (d *disk) canceled() <-chan struct{} {
	d.j.mu.Lock()
	defer d.j.mu.Unlock()
	if d.request == nil || d.tried != nil {
		return nil // nothing can be withdrawn while it is not known where it is
	}
	return d.request.ctx.Done()
}

// withdrawn answers a Commit whose context has ended, if nothing of it is in the
// file. It returns whether that leaves nothing to do.
func (d *disk) withdrawn() bool {
	d.j.mu.Lock()
	defer d.j.mu.Unlock()
	if d.tried == nil && d.request != nil && d.request.ctx.Err() != nil {
		d.answer(d.request.ctx.Err())
	}
	return d.tried == nil && d.request == nil && d.j.saved == d.j.version
}

// answer tells the Commit that waits. The lock is held.
func (d *disk) answer(err error) {
	r := d.request
	d.request = nil
	r.done <- err
	if r.abandoned && err != nil {
		d.j.uncertain = false // it isn't in the file, as its Commit has said
	}
}

// attempt makes one transaction of all there is. After an error nothing is lost:
// what was to be stored is kept in memory, or found in the file.
func (d *disk) attempt() error {
	if err := d.resolve(); err != nil {
		return err
	}
	c := d.gather()
	if c.changesNothing(&d.meta) {
		d.complete(c)
		return nil
	}
	err := d.apply(c)
	if err == nil {
		d.complete(c)
		d.measure()
		return nil
	}
	// After an error of a transaction it is not known whether it is in the file,
	// and bbolt may be in any state. Only the file can tell.
	d.tried = c
	d.drop()
	if resolve := d.resolve(); resolve != nil {
		return errors.Join(err, resolve)
	}
	if d.stored(c) {
		return nil
	}
	return err
}

func (d *disk) apply(c *change) error {
	if fault := d.j.options.fault; fault != nil {
		if err := fault(); err != nil {
			return err
		}
	}
	err := apply(d.db, c, &d.meta, &d.buffer)
	if cap(d.buffer) > spareBytes {
		d.buffer = nil
	}
	return err
}

// changesNothing looks whether a transaction is worth it.
func (c *change) changesNothing(before *meta) bool {
	m := c.meta
	m.Generation, m.Digest, m.Entries = before.Generation, before.Digest, before.Entries
	t := &c.todo
	if m != *before || c.entry != nil || len(t.gone)+len(t.written)+len(t.buried)+len(t.raised) > 0 {
		return false
	}
	c.meta = m
	return true
}

func (d *disk) stored(c *change) bool {
	return d.meta.Generation >= c.meta.Generation && c.meta.Generation > 0
}

// gather takes what there is to do.
func (d *disk) gather() *change {
	j := d.j
	j.mu.Lock()
	defer j.mu.Unlock()
	c := &change{todo: j.todo, version: j.version}
	j.todo, d.flying = todo{}, j.todo
	c.meta = meta{End: j.end, Lines: j.lines, Seq: j.seq, Committed: j.committed, Drop: j.drop, Totals: j.totals}
	if j.queue.len() > 0 {
		c.meta.Skip = uint64(j.queue.front().skip)
	}
	if d.request == nil {
		c.meta.Drop = c.meta.Drop.with(j.fresh)
		return c
	}
	e := d.request.entry
	c.entry, c.line = e, j.lines
	c.meta.Lines += count((len(e.group.Lines) + chunkBytes - 1) / chunkBytes)
	e.count(&c.meta.Totals, &c.meta.Drop)
	c.meta.Drop = c.meta.Drop.with(j.fresh)
	if n := len(e.chunks); n > 0 {
		c.meta.End = e.chunks[n-1].pos + uint64(e.chunks[n-1].count)
	}
	if len(e.raised) == 0 {
		c.meta.Seq, c.meta.Committed = e.group.Seq, e.at
	}
	return c
}

// complete takes note that c is in the file.
func (d *disk) complete(c *change) {
	j := d.j
	j.mu.Lock()
	defer j.mu.Unlock()
	d.meta, d.flying, d.tried = c.meta, todo{}, nil
	j.saved = c.version
	if c.entry != nil {
		j.publish(c.entry)
		d.answer(nil)
	}
	j.broadcast()
}

// resolve opens the file again after an error, and finds out what became of the
// transaction that failed.
func (d *disk) resolve() error {
	if d.db != nil {
		return nil
	}
	m, err := d.reopen()
	if err != nil {
		return err
	}
	switch {
	case m.Generation < d.meta.Generation || m.Generation > d.meta.Generation && d.tried == nil:
		d.drop()
		return fmt.Errorf("%s: %w: it has transaction %d instead of %d", d.path, ErrDamaged, m.Generation, d.meta.Generation)
	case m.Generation > d.meta.Generation:
		return d.confirm(m)
	case d.tried != nil:
		d.j.mu.Lock()
		defer d.j.mu.Unlock()
		d.tried.todo.add(d.j.todo)
		d.j.todo, d.flying, d.tried = d.tried.todo, todo{}, nil
	}
	return nil
}

// confirm makes sure that a transaction that is in the file is on the disk, too:
// it is, once a later one is.
func (d *disk) confirm(m *meta) error {
	again := &change{meta: *m}
	if err := d.applyAgain(again, m); err != nil {
		d.drop()
		return err
	}
	c := d.tried
	c.meta = again.meta
	d.complete(c)
	return nil
}

func (d *disk) applyAgain(c *change, m *meta) error { return apply(d.db, c, m, &d.buffer) }

// tell takes note of how the disk fares.
func (d *disk) tell(err error) {
	d.j.mu.Lock()
	d.j.failing = err
	if err == nil {
		d.j.failingSince = time.Time{}
	} else if d.j.failingSince.IsZero() {
		d.j.failingSince = time.Now()
	}
	d.j.mu.Unlock()
	if err != nil && d.j.options.OnError != nil {
		d.j.options.OnError(err)
	}
}

// end answers the Commit that may still wait and stores what is left.
func (d *disk) end() error {
	d.j.mu.Lock()
	if d.request != nil && d.tried == nil {
		d.answer(ErrClosed)
	}
	d.j.mu.Unlock()
	err := d.attempt()
	if err != nil {
		err = fmt.Errorf("close journal: %w", err)
	}
	d.j.mu.Lock()
	defer d.j.mu.Unlock()
	if d.request != nil {
		d.answer(errors.Join(ErrClosed, ErrUncertain, context.Canceled))
	}
	return err
}
