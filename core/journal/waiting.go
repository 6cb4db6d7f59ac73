package journal

import (
	"errors"
	"iter"
	"slices"
	"time"
)

// Record is one that waits in an outbox.
type Record struct {
	Seq  uint64
	At   time.Time // when it was committed, or moved back from the dead letters
	Data []byte
}

// Waiting lists all records that wait, oldest first, without taking them. It may contain some that come or go
// meanwhile.
func (o *Outbox) Waiting() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		o.j.mu.Lock()
		chunks := slices.Clone(o.queue.all())
		o.j.mu.Unlock()
		for _, c := range chunks {
			records, err := o.load(c)
			if errors.Is(err, errLeft) {
				continue
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !c.each(records, yield) {
				return
			}
		}
	}
}

// each yields the records of a chunk that have not left.
func (c *chunk) each(records [][]byte, yield func(Record, error) bool) bool {
	for i, r := range records[c.skip:] {
		if r == nil { // it has left since
			continue
		}
		if !yield(Record{Seq: c.seq + uint64(c.skip) + count(i), At: moment(c.at), Data: r}, nil) {
			return false
		}
	}
	return true
}
