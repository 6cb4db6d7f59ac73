package journal

import "slices"

// chunk is a part of a group that waits. It is small: an index of all chunks is kept in memory.
type chunk struct {
	pos   uint64 // its key in the store; rises from chunk to chunk, over all signals
	seq   uint64 // number of its first record; the others follow
	at    int64  // when it was committed, in Unix nanoseconds
	sum   uint64 // of its entry in the store
	bytes int64  // of its records, without those that have left
	count uint32 // of its records, with those that have left
	skip  uint32 // number of its records that have left
}

func (c *chunk) left() int { return int(c.count - c.skip) }

// queue is the index of chunks, oldest first.
type queue struct {
	chunks []chunk // those before first have left
	first  int
}

func (q *queue) all() []chunk  { return q.chunks[q.first:] }
func (q *queue) len() int      { return len(q.chunks) - q.first }
func (q *queue) front() *chunk { return &q.chunks[q.first] }

func (q *queue) push(c chunk) { q.chunks = append(q.chunks, c) }

// remove takes out the chunk after the first keep.
func (q *queue) remove(keep int) {
	copy(q.chunks[q.first+1:q.first+1+keep], q.chunks[q.first:q.first+keep])
	q.first++
	if q.first > 64 && q.first > len(q.chunks)/2 {
		q.chunks, q.first = slices.Clone(q.chunks[q.first:]), 0
	}
	if q.len() == 0 {
		q.chunks, q.first = nil, 0
	}
}
