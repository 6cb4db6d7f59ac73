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
	j.settle()
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
	fits := func() bool {
		waiting, dead := j.used()
		return size == 0 || waiting+dead+size <= j.options.Capacity
	}
	if fits() {
		return true
	}
	if !j.options.DropOldest {
		return j.alone()
	}
	dropped := false
	for !fits() && (j.dropDead() || j.dropWaiting()) {
		dropped = true
	}
	if dropped {
		j.touch()
	}
	return true // lent records are not dropped: they are half of the capacity at most
}

// used returns the bytes of waiting and of dead records. The lock is held.
func (j *Journal) used() (waiting, dead int64) {
	for _, o := range j.outboxes {
		waiting += o.bytes
		dead += o.dead.bytes
	}
	return waiting, dead
}

// alone reports whether nothing waits that could make room by leaving. A group that is too large for the room beside
// dead letters, or for any, would otherwise wait forever. The lock is held.
func (j *Journal) alone() bool {
	_, dead := j.used()
	return j.waiting() == 0 && (dead < j.options.Capacity || dead == 0)
}

// dropDead drops the dead letter that was refused first, within a signal that with the lowest number. Dead letters go
// before waiting records, which can still be delivered.
func (j *Journal) dropDead() bool {
	var from *Outbox
	for _, o := range j.outboxes {
		if len(o.dead.letters) > 0 && (from == nil || o.dead.letters[0].at < from.dead.letters[0].at) {
			from = o
		}
	}
	if from == nil {
		return false
	}
	seq := from.dead.letters[0].seq
	from.dead.remove(seq)
	j.pending.set(from.bucketDead, number(seq), nil)
	from.totals().Dead--
	from.countDropped(seq, 1)
	return true
}

// dropWaiting drops the oldest chunk of which no consumer has anything.
func (j *Journal) dropWaiting() bool {
	var from *Outbox
	var oldest chunk
	var behind int
	for _, o := range j.outboxes {
		keep, chunks := 0, o.queue.all()
		for keep < len(chunks) && chunks[keep].pos <= o.protected {
			keep++
		}
		if keep < len(chunks) && (from == nil || chunks[keep].pos < oldest.pos) {
			from, oldest, behind = o, chunks[keep], keep
		}
	}
	if from == nil {
		return false
	}
	from.queue.remove(behind)
	from.drop(oldest)
	return true
}

// drop drops the rest of a chunk that is no longer in the queue.
func (o *Outbox) drop(c chunk) {
	o.j.pending.removeLarge(o.bucketOutbox, storedPart{c.pos, c.sum})
	o.records -= c.left()
	o.bytes -= c.bytes
	o.countDropped(c.seq+uint64(c.skip), c.left())
	c.skip = c.count
	o.forget(&c)
}

func (o *Outbox) countDropped(seq uint64, n int) {
	o.totals().Dropped += count(n)
	if o.signal == Logs {
		o.j.newDrops = o.j.newDrops.with(Drop{count(n), seq, seq + count(n) - 1})
	}
}
