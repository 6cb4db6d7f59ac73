package journal

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Next returns the oldest records: at most maxRecords of together at most
// maxBytes, but at least one, however large. It blocks until there is one, and
// while the disk can't be read. It fails with the error of ctx, or [ErrClosed]
// when there never will be one. The records stay in the journal, and are the
// same with the next call, until Ack. With drop-oldest, they are at most half of
// what fits the journal: what is lent is not dropped.
func (j *Journal) Next(ctx context.Context, maxBytes, maxRecords int) (Batch, error) {
	if j.options.DropOldest {
		maxBytes = int(min(int64(maxBytes), j.options.Capacity/2))
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		chunks, first, err := j.lend(ctx, int64(maxBytes), maxRecords)
		if err != nil {
			return Batch{}, err
		}
		b := Batch{first: first, Records: make([][]byte, 0, min(records(chunks), max(maxRecords, 1)))}
		if err = j.fill(&b, chunks, maxBytes, maxRecords); err == nil {
			j.hand(len(b.Records))
			return b, nil
		}
		j.unreadableBy(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

// hand takes note of what the consumer has.
func (j *Journal) hand(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lent = max(j.lent, n)
	j.unreadable = nil
}

func (j *Journal) unreadableBy(err error) {
	j.mu.Lock()
	if j.unreadable == nil {
		j.unreadableSince = time.Now()
	}
	j.unreadable = err
	closed := j.closed
	j.mu.Unlock()
	if j.options.OnError != nil && !closed {
		j.options.OnError(err)
	}
}

// lend waits for records and picks the chunks that a batch is made of, which are
// then safe from being dropped.
func (j *Journal) lend(ctx context.Context, maxBytes int64, maxRecords int) (chunks []chunk, first uint64, err error) {
	err = j.await(ctx, func() (bool, error) {
		if j.closed || j.records == 0 && j.sealed {
			return false, ErrClosed
		}
		if j.records == 0 {
			return false, nil
		}
		chunks, first = j.pick(maxBytes, maxRecords), j.left
		j.protected = max(j.protected, chunks[len(chunks)-1].pos)
		return true, nil
	})
	return chunks, first, err
}

// pick returns the chunks at the front that have as much as is wanted.
func (j *Journal) pick(maxBytes int64, maxRecords int) []chunk {
	chunks := j.queue.all()
	bytes, number, n := chunks[0].bytes, chunks[0].left(), 1
	for n < len(chunks) && bytes < maxBytes && number < maxRecords {
		bytes += chunks[n].bytes
		number += chunks[n].left()
		n++
	}
	return slices.Clone(chunks[:n])
}

func records(chunks []chunk) int {
	n := 0
	for i := range chunks {
		n += chunks[i].left()
	}
	return n
}

// fill reads records of chunks up to the limits of a batch. It copies their
// headers only.
func (j *Journal) fill(b *Batch, chunks []chunk, maxBytes, maxRecords int) error {
	size := 0
	for _, c := range chunks {
		records, err := j.store.load(c)
		if err != nil {
			return err
		}
		for _, r := range records[c.skip:] {
			size += len(r)
			if len(b.Records) > 0 && (len(b.Records) >= maxRecords || size > maxBytes) {
				return nil
			}
			b.Records = append(b.Records, r)
		}
	}
	return nil
}

// Ack removes the records of b, which must be at the front: batches, and the
// parts of one, are acknowledged in order and once. It does not block. The disk
// is told a little later; after a crash in between, they are sent again.
func (j *Journal) Ack(b Batch) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.check("acknowledge", b); err != nil || len(b.Records) == 0 {
		return err
	}
	j.totals.OTLP.Acknowledged += count(len(b.Records))
	j.leave(b)
	j.touch()
	return nil
}

// Refuse is Ack for one record that the receiver won't ever take: it goes to the
// dead letters instead, in one transaction. A journal in memory only counts it.
func (j *Journal) Refuse(b Batch, reason string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.check("refuse", b); err != nil {
		return err
	}
	if len(b.Records) != 1 {
		return fmt.Errorf("refuse %d records: it is done one by one", len(b.Records))
	}
	c := j.queue.front()
	l := DeadLetter{Seq: c.seq + uint64(c.skip), At: time.Now(), Reason: reason, Record: b.Records[0]}
	j.leave(b)
	j.totals.OTLP.Dead++
	if j.keepsDead {
		j.dead.add(l)
		j.todo.buried = append(j.todo.buried, l)
	} else {
		j.dead.counted++
	}
	j.touch()
	return nil
}

func (j *Journal) check(verb string, b Batch) error {
	switch {
	case j.readOnly:
		return ErrReadOnly
	case j.closed:
		return ErrClosed
	case b.first != j.left || len(b.Records) > j.lent:
		return fmt.Errorf("%s %d records after %d: %d have left the journal, and %d are lent",
			verb, len(b.Records), b.first, j.left, j.lent)
	default:
		return nil
	}
}

// leave removes the records of b from the front.
func (j *Journal) leave(b Batch) {
	n := len(b.Records)
	for _, r := range b.Records {
		j.bytes -= int64(len(r))
	}
	j.left += count(n)
	j.records -= n
	if j.lent -= n; j.lent == 0 {
		j.protected = 0
	}
	for i := 0; n > 0; {
		c := j.queue.front()
		cut := min(n, c.left())
		for _, r := range b.Records[i : i+cut] {
			c.bytes -= int64(len(r))
		}
		c.skip += uint32(cut) //nolint:gosec // within the count of the chunk
		j.store.forget(c, int(c.skip))
		n, i = n-cut, i+cut
		if c.left() == 0 {
			j.todo.gone = append(j.todo.gone, part{c.pos, c.hash})
			j.queue.remove(0, 1)
		}
	}
}
