package journal

import (
	"context"
	"errors"
	"iter"
	"time"
)

// resendWait is how long Resend and Discard wait for a busy store.
const resendWait = 30 * time.Second

// DeadLetter is a record that the receiver refused permanently.
type DeadLetter struct {
	Seq    uint64
	At     time.Time // when it was refused
	Reason string
	Record []byte
}

// DeadLetters lists the refused records, by number. It may contain some that come or go meanwhile.
func (o *Outbox) DeadLetters() iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		o.j.mu.Lock()
		letters := o.dead.pick(nil)
		o.j.mu.Unlock()
		for _, l := range letters {
			d, err := o.deadLetter(l.seq)
			if errors.Is(err, errLeft) {
				continue
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// deadLetter reads a dead letter, which may not be in the store yet.
func (o *Outbox) deadLetter(seq uint64) (DeadLetter, error) {
	key := number(seq)
	o.j.mu.Lock()
	value := o.j.pending.find(o.bucketDead, key)
	if value == nil && o.j.writer != nil {
		value = o.j.writer.inFlight.find(o.bucketDead, key)
	}
	o.j.mu.Unlock()
	if value == nil {
		e, err := o.j.store.Read(o.bucketDead, key)
		if err != nil {
			return DeadLetter{}, err
		}
		value = e.Value
	}
	if value == nil {
		return DeadLetter{}, errLeft
	}
	return decodeDeadLetter(key, value)
}

// Resend moves the dead letters with these numbers, or all if none is named, to the end of the outbox in one
// transaction, and returns how many there were. It holds all of them in memory. It is not meant for a journal that
// drops the oldest while groups are committed.
func (o *Outbox) Resend(seqs ...uint64) (int, error) {
	ctx, done, err := o.j.takeWriting()
	if err != nil {
		return 0, err
	}
	defer done()
	o.j.mu.Lock()
	letters := o.dead.pick(seqs)
	o.j.mu.Unlock()
	a := &addition{resentTo: o}
	for _, l := range letters {
		d, err := o.deadLetter(l.seq)
		if err != nil {
			return 0, err
		}
		a.resend(d, o.j.chunkBytes())
	}
	if len(a.resent) == 0 {
		return 0, nil
	}
	o.j.mu.Lock()
	o.j.place(a)
	o.j.mu.Unlock()
	if err := o.j.write(ctx, a); err != nil {
		return 0, err
	}
	return len(a.resent), nil
}

// Discard removes the dead letters with these numbers, or all if none is named, and returns how many there were. They
// count as dropped.
func (o *Outbox) Discard(seqs ...uint64) (int, error) {
	_, done, err := o.j.takeWriting()
	if err != nil {
		return 0, err
	}
	defer done()
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	letters := o.dead.pick(seqs)
	for _, l := range letters {
		o.dead.remove(l.seq)
		o.j.pending.set(o.bucketDead, number(l.seq), nil)
	}
	n := count(len(letters))
	o.totals().Dead -= n
	o.totals().Dropped += n
	if n > 0 {
		o.j.touch()
	}
	return len(letters), nil
}

// takeWriting waits for the token writing, for callers without a context.
func (j *Journal) takeWriting() (ctx context.Context, done func(), err error) {
	if j.readOnly {
		return nil, nil, ErrReadOnly
	}
	ctx, cancel := context.WithTimeout(context.Background(), resendWait)
	if take(ctx, j.writing) != nil {
		cancel()
		return nil, nil, errors.New("the journal is busy with a disk that fails")
	}
	done = func() {
		<-j.writing
		cancel()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		err = ErrClosed
	case j.uncertain:
		err = ErrUncertain
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return ctx, done, nil
}

// resend adds a dead letter, to the chunk before it if their numbers follow each other.
func (a *addition) resend(d DeadLetter, limit int64) {
	a.resent = append(a.resent, d.Seq)
	size := int64(len(d.Record))
	if i := len(a.chunks) - 1; i >= 0 {
		c := &a.chunks[i]
		if c.seq+uint64(c.count) == d.Seq && c.bytes+size <= limit {
			c.count++
			c.bytes += size
			c.records = append(c.records, d.Record)
			a.size += size
			return
		}
	}
	a.add(a.resentTo, [][]byte{d.Record}, d.Seq, limit)
}
