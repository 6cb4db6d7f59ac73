package journal

import (
	"context"
	"errors"
	"iter"
	"time"
)

// resendWait is how long Resend and Discard wait for a busy store.
const resendWait = 30 * time.Second

// DeadLetter is a record that the receiver refused for good.
type DeadLetter struct {
	Seq    uint64
	At     time.Time // when it was refused
	Reason string
	Record []byte
}

// DeadLetters lists the refused records, by number. It may contain some that come or go meanwhile.
func (j *Journal) DeadLetters() iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		j.mu.Lock()
		letters := j.dead.pick(nil)
		j.mu.Unlock()
		for _, l := range letters {
			d, err := j.deadLetter(l.seq)
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
func (j *Journal) deadLetter(seq uint64) (DeadLetter, error) {
	key := number(seq)
	j.mu.Lock()
	value := j.pending.find(bucketDead, key)
	if value == nil && j.writer != nil {
		value = j.writer.inFlight.find(bucketDead, key)
	}
	j.mu.Unlock()
	if value == nil {
		e, err := j.store.Read(bucketDead, key)
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
func (j *Journal) Resend(seqs ...uint64) (int, error) {
	ctx, done, err := j.takeWriting()
	if err != nil {
		return 0, err
	}
	defer done()
	j.mu.Lock()
	letters := j.dead.pick(seqs)
	j.mu.Unlock()
	a := &addition{}
	for _, l := range letters {
		d, err := j.deadLetter(l.seq)
		if err != nil {
			return 0, err
		}
		a.resend(d, j.chunkBytes())
	}
	if len(a.resent) == 0 {
		return 0, nil
	}
	j.mu.Lock()
	j.place(a)
	j.mu.Unlock()
	if err := j.write(ctx, a); err != nil {
		return 0, err
	}
	return len(a.resent), nil
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
			a.number++
			a.size += size
			return
		}
	}
	a.add([][]byte{d.Record}, d.Seq, limit)
}

// Discard removes the dead letters with these numbers, or all if none is named, and returns how many there were. They
// count as dropped.
func (j *Journal) Discard(seqs ...uint64) (int, error) {
	_, done, err := j.takeWriting()
	if err != nil {
		return 0, err
	}
	defer done()
	j.mu.Lock()
	defer j.mu.Unlock()
	letters := j.dead.pick(seqs)
	for _, l := range letters {
		j.dead.remove(l.seq)
		j.pending.set(bucketDead, number(l.seq), nil)
	}
	n := count(len(letters))
	j.head.Totals.OTLP.Dead -= n
	j.head.Totals.OTLP.Dropped += n
	if n > 0 {
		j.touch()
	}
	return len(letters), nil
}
