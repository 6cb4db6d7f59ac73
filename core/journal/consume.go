package journal

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Batch is a run of records at the front of an outbox, lent to the consumer until they are acknowledged.
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
// Ack. With drop-oldest, the batches of all signals are at most half of the capacity: lent records are not dropped.
func (o *Outbox) Next(ctx context.Context, maxBytes, maxRecords int) (Batch, error) {
	maxBytes = o.lendable(maxBytes)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		chunks, first, err := o.lend(ctx, int64(maxBytes), maxRecords)
		if err != nil {
			return Batch{}, err
		}
		b := Batch{first: first, Records: make([][]byte, 0, min(recordsOf(chunks), max(maxRecords, 1)))}
		if err = o.fill(&b, chunks, maxBytes, maxRecords); err == nil {
			o.noteLent(len(b.Records))
			return b, nil
		}
		o.noteUnreadable(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

func (o *Outbox) lendable(maxBytes int) int {
	j := o.j
	if !j.options.DropOldest {
		return maxBytes
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return int(min(int64(maxBytes), j.options.Capacity/2/int64(len(j.outboxes))))
}

func (o *Outbox) noteLent(n int) {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	o.lent = max(o.lent, n)
	o.unreadable = nil
}

func (o *Outbox) noteUnreadable(err error) {
	o.j.mu.Lock()
	if o.unreadable == nil {
		o.unreadableSince = time.Now()
	}
	o.unreadable = err
	closed := o.j.closed
	o.j.mu.Unlock()
	if o.j.options.OnError != nil && !closed {
		o.j.options.OnError(err)
	}
}

// lend waits for records, picks the chunks of a batch and protects them from being dropped. first is the number of
// records that have left before them.
func (o *Outbox) lend(ctx context.Context, maxBytes int64, maxRecords int) (chunks []chunk, first uint64, err error) {
	err = o.j.await(ctx, func() (bool, error) {
		if o.j.closed || o.j.sealed && o.records == 0 {
			return false, ErrClosed
		}
		if o.records == 0 {
			return false, nil
		}
		chunks, first = o.pick(maxBytes, maxRecords), o.removed
		o.protected = max(o.protected, chunks[len(chunks)-1].pos)
		return true, nil
	})
	return chunks, first, err
}

// pick returns the chunks at the front that have as much as is wanted.
func (o *Outbox) pick(maxBytes int64, maxRecords int) []chunk {
	chunks := o.queue.all()
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
func (o *Outbox) fill(b *Batch, chunks []chunk, maxBytes, maxRecords int) error {
	size := 0
	for _, c := range chunks {
		records, err := o.load(c)
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
func (o *Outbox) Ack(b Batch) error {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	if err := o.check("acknowledge", b); err != nil || len(b.Records) == 0 {
		return err
	}
	o.totals().Acknowledged += count(len(b.Records))
	o.remove(b)
	o.j.touch()
	return nil
}

// Refuse is Ack for one record that the receiver will never take: in one transaction, the record leaves and becomes a
// dead letter. A journal in memory only counts it.
func (o *Outbox) Refuse(b Batch, reason string) error {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	if err := o.check("refuse", b); err != nil {
		return err
	}
	if len(b.Records) != 1 {
		return fmt.Errorf("refuse %d records: only one can be refused at a time", len(b.Records))
	}
	c := o.queue.front()
	l := DeadLetter{Seq: c.seq + uint64(c.skip), At: time.Now(), Reason: reason, Record: b.Records[0]}
	o.remove(b)
	o.totals().Dead++
	if o.j.store != nil {
		o.dead.add(&l)
		o.j.pending.set(o.bucketDead, number(l.Seq), l.encode())
	} else {
		o.dead.counted++
	}
	o.j.touch()
	return nil
}

func (o *Outbox) check(verb string, b Batch) error {
	switch {
	case o.j.readOnly:
		return ErrReadOnly
	case o.j.closed:
		return ErrClosed
	case b.first != o.removed || len(b.Records) > o.lent:
		return fmt.Errorf("%s %d records after %d: %d have left the journal, and %d are lent",
			verb, len(b.Records), b.first, o.removed, o.lent)
	default:
		return nil
	}
}

// remove takes the records of b from the front.
func (o *Outbox) remove(b Batch) {
	records := b.Records
	o.removed += count(len(records))
	o.records -= len(records)
	if o.lent -= len(records); o.lent == 0 {
		o.protected = 0
	}
	for len(records) > 0 {
		c := o.queue.front()
		n := min(len(records), c.left())
		for _, r := range records[:n] {
			c.bytes -= int64(len(r))
			o.bytes -= int64(len(r))
		}
		c.skip += uint32(n) //nolint:gosec // within the count of the chunk
		o.forget(c)
		if c.left() == 0 {
			o.j.pending.removeLarge(o.bucketOutbox, storedPart{c.pos, c.sum})
			o.queue.remove(0)
		}
		records = records[n:]
	}
}
