package journal

import (
	"context"
	"time"
)

// waitForRoom waits until there is room for a, gives it its positions and returns with the token writing. It doesn't
// hold the token while it waits: moving dead letters may be what makes room.
func (j *Journal) waitForRoom(ctx context.Context, a *addition) error {
	defer j.unblock()
	fits := func() (bool, error) {
		if err := j.refusal(); err != nil {
			return false, err
		}
		if !j.makeRoom(a.size) {
			j.block()
			return false, nil
		}
		return true, nil
	}
	for {
		if err := j.await(ctx, fits); err != nil {
			return err
		}
		if err := take(ctx, j.writing); err != nil {
			return err
		}
		j.mu.Lock()
		ok, err := fits()
		if ok {
			j.place(a)
		}
		j.mu.Unlock()
		if ok {
			return nil
		}
		<-j.writing
		if err != nil {
			return err
		}
	}
}

// refusal returns why nothing can be committed, or nil.
func (j *Journal) refusal() error {
	switch {
	case j.readOnly:
		return ErrReadOnly
	case j.sealed:
		return ErrClosed
	case j.uncertain:
		return ErrUncertain
	default:
		return nil
	}
}

func (j *Journal) block() {
	j.ready.settle()
	if j.blockedSince.IsZero() {
		j.blockedSince = time.Now()
	}
}

func (j *Journal) unblock() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.blockedSince = time.Time{}
}

// makeRoom reports whether size bytes have room. With drop-oldest they have, after older records were dropped. The
// lock is held.
func (j *Journal) makeRoom(size int64) bool {
	fits := func() bool { return size == 0 || j.bytes+j.dead.bytes+size <= j.options.Capacity }
	// A group that is too large for the room beside dead letters, or for any, would otherwise wait for ever.
	alone := j.records == 0 && (j.dead.bytes < j.options.Capacity || j.dead.records() == 0)
	if fits() || alone && !j.options.DropOldest {
		return true
	}
	if !j.options.DropOldest {
		return false
	}
	before := j.head.Totals.OTLP.Dropped
	for !fits() && j.dropDead() {
	}
	for !fits() && j.dropWaiting() {
	}
	if j.head.Totals.OTLP.Dropped > before {
		j.touch()
	}
	return true // the consumer's records are not dropped: they are half of the capacity at most
}

// dropDead drops the oldest dead letter. Dead letters go first: waiting records can still be delivered.
func (j *Journal) dropDead() bool {
	l, ok := j.dead.oldest()
	if !ok {
		return false
	}
	j.dead.remove(l.seq)
	j.pending.set(bucketDead, number(l.seq), nil)
	j.head.Totals.OTLP.Dead--
	j.countDropped(l.seq, 1)
	return true
}

// dropWaiting drops the oldest chunk of which the consumer has nothing.
func (j *Journal) dropWaiting() bool {
	keep, chunks := 0, j.queue.all()
	for keep < len(chunks) && chunks[keep].pos <= j.protected {
		keep++
	}
	if keep == len(chunks) {
		return false
	}
	c := chunks[keep]
	j.queue.remove(keep)
	j.pending.removeLarge(bucketOutbox, storedPart{c.pos, c.sum})
	j.records -= c.left()
	j.bytes -= c.bytes
	j.countDropped(c.seq+uint64(c.skip), c.left())
	c.skip = c.count
	j.forget(&c)
	return true
}

func (j *Journal) countDropped(seq uint64, n int) {
	j.head.Totals.OTLP.Dropped += count(n)
	j.newDrops = j.newDrops.with(Drop{count(n), seq, seq + count(n) - 1})
}
