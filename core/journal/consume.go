package journal

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Batch is a run of records at the front of a journal, lent to the consumer until they are acknowledged.
type Batch struct {
	Records [][]byte // memory of the journal: not to be changed

	first uint64 // number of records that had left the front before Records[0]
}

// Cut splits a batch after its first n records, so that the head can be acknowledged before the tail.
func (b Batch) Cut(n int) (head, tail Batch) {
	head = Batch{Records: b.Records[:n:n], first: b.first}
	tail = Batch{Records: b.Records[n:], first: b.first + count(n)}
	return head, tail
}

// Next returns the oldest records: at most maxRecords of together at most maxBytes, but at least one, however large.
// It blocks while there is none, and while the disk can't be read. It fails with the error of ctx, or with
// [ErrClosed] if there will never be one. The records stay in the journal, and the next call returns the same, until
// Ack. With drop-oldest they are at most half of the capacity: lent records are not dropped.
func (j *Journal) Next(ctx context.Context, maxBytes, maxRecords int) (Batch, error) {
	if j.options.DropOldest {
		maxBytes = int(min(int64(maxBytes), j.options.Capacity/2))
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		chunks, first, err := j.lend(ctx, int64(maxBytes), maxRecords)
		if err != nil {
			return Batch{}, err
		}
		b := Batch{first: first, Records: make([][]byte, 0, min(recordsOf(chunks), max(maxRecords, 1)))}
		if err = j.fill(&b, chunks, maxBytes, maxRecords); err == nil {
			j.noteLent(len(b.Records))
			return b, nil
		}
		j.noteUnreadable(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

func (j *Journal) noteLent(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lent = max(j.lent, n)
	j.unreadable = nil
}

func (j *Journal) noteUnreadable(err error) {
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

// lend waits for records, picks the chunks of a batch and protects them from being dropped. first is the number of
// records that have left before them.
func (j *Journal) lend(ctx context.Context, maxBytes int64, maxRecords int) (chunks []chunk, first uint64, err error) {
	err = j.await(ctx, func() (bool, error) {
		if j.closed || j.sealed && j.records == 0 {
			return false, ErrClosed
		}
		if j.records == 0 {
			return false, nil
		}
		chunks, first = j.pick(maxBytes, maxRecords), j.removed
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

func recordsOf(chunks []chunk) int {
	n := 0
	for i := range chunks {
		n += chunks[i].left()
	}
	return n
}

// fill reads records of chunks up to the limits of a batch. It copies their headers only.
func (j *Journal) fill(b *Batch, chunks []chunk, maxBytes, maxRecords int) error {
	size := 0
	for _, c := range chunks {
		records, err := j.load(c)
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

// Ack removes the records of b, which must be at the front: batches, and the parts of one, are acknowledged in order
// and once. It doesn't block. It is stored a little later; after a crash before that, the records are sent again.
func (j *Journal) Ack(b Batch) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.check("acknowledge", b); err != nil || len(b.Records) == 0 {
		return err
	}
	j.head.Totals.OTLP.Acknowledged += count(len(b.Records))
	j.remove(b)
	j.touch()
	return nil
}

// Refuse is Ack for one record that the receiver will never take: in one transaction, the record leaves and becomes a
// dead letter. A journal in memory only counts it.
func (j *Journal) Refuse(b Batch, reason string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.check("refuse", b); err != nil {
		return err
	}
	if len(b.Records) != 1 {
		return fmt.Errorf("refuse %d records: only one can be refused at a time", len(b.Records))
	}
	c := j.queue.front()
	l := DeadLetter{Seq: c.seq + uint64(c.skip), At: time.Now(), Reason: reason, Record: b.Records[0]}
	j.remove(b)
	j.head.Totals.OTLP.Dead++
	if j.store != nil {
		j.dead.add(l.Seq, len(l.Record))
		j.pending.set(bucketDead, number(l.Seq), l.encode())
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
	case b.first != j.removed || len(b.Records) > j.lent:
		return fmt.Errorf("%s %d records after %d: %d have left the journal, and %d are lent",
			verb, len(b.Records), b.first, j.removed, j.lent)
	default:
		return nil
	}
}

// remove takes the records of b from the front.
func (j *Journal) remove(b Batch) {
	records := b.Records
	j.removed += count(len(records))
	j.records -= len(records)
	if j.lent -= len(records); j.lent == 0 {
		j.protected = 0
	}
	for len(records) > 0 {
		c := j.queue.front()
		n := min(len(records), c.left())
		for _, r := range records[:n] {
			c.bytes -= int64(len(r))
			j.bytes -= int64(len(r))
		}
		c.skip += uint32(n) //nolint:gosec // within the count of the chunk
		j.forget(c)
		if c.left() == 0 {
			j.pending.removeLarge(bucketOutbox, storedPart{c.pos, c.sum})
			j.queue.remove(0)
		}
		records = records[n:]
	}
}
