// Package journal holds the outbox between emitting records and sending them:
// groups of encoded records go in at one end, batches for the receiver come out
// at the other, and nothing leaves before the receiver has acknowledged it.
//
// A journal is bounded and drops nothing: while it is full, [Memory.Commit]
// blocks, and with it the pipeline and in the end the watch, whose history the
// API server keeps. It knows nothing of what the bytes mean.
//
// [Memory] forgets everything when the process ends.
package journal

import (
	"errors"
	"time"
)

// ErrClosed is returned by Commit after Close, and by Next once a closed journal
// is empty.
var ErrClosed = errors.New("journal closed")

// Group is what is committed together: all of it is in the journal, or nothing.
type Group struct {
	Records [][]byte // each encoded, in the order in which they are to be sent
}

func (g Group) size() int64 {
	var n int64
	for _, r := range g.Records {
		n += int64(len(r))
	}
	return n
}

// Batch is a run of records at the front of a journal, lent to the consumer
// until they are acknowledged.
type Batch struct {
	Records [][]byte // the journal's memory: not to be changed

	first uint64 // position of Records[0] since the journal was made
}

// Cut parts a batch after its first n records, so that the head can be
// acknowledged before the tail is.
func (b Batch) Cut(n int) (head, tail Batch) {
	head = Batch{Records: b.Records[:n:n], first: b.first}
	tail = Batch{Records: b.Records[n:], first: b.first + uint64(n)} //nolint:gosec // not negative, or the slicing panicked
	return head, tail
}

// Stats says how full a journal is, for metrics and readiness.
type Stats struct {
	Records      int
	Bytes        int64
	Capacity     int64     // in bytes; exceeded only by a single group that is larger
	Oldest       time.Time // when the record at the front was committed; zero when empty
	BlockedSince time.Time // since when a Commit waits for room; zero when none does
}
