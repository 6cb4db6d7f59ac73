package journal

import "slices"

// chunk is a group of records that wait, or a part of one. It is small: an
// index of all chunks is kept in memory.
type chunk struct {
	pos   uint64 // its key; rises from chunk to chunk
	seq   uint64 // number of its first record; those of the others follow
	at    int64  // when it was committed, in Unix nanoseconds
	hash  uint64 // of what the file says, see digest.go
	bytes int64  // of its records, without those that have left
	count uint32 // of its records, with those that have left
	skip  uint32 // how many of its records have left
}

func (c *chunk) left() int { return int(c.count - c.skip) }

// queue is the index of chunks, oldest first.
type queue struct {
	chunks []chunk // of which those before head have left
	head   int
}

func (q *queue) all() []chunk  { return q.chunks[q.head:] }
func (q *queue) len() int      { return len(q.chunks) - q.head }
func (q *queue) front() *chunk { return &q.chunks[q.head] }

func (q *queue) push(c chunk) { q.chunks = append(q.chunks, c) }

// remove takes out n chunks after the first keep.
func (q *queue) remove(keep, n int) {
	q.head += copy(q.chunks[q.head+n:q.head+n+keep], q.chunks[q.head:q.head+keep]) - keep + n
	if q.head > 64 && q.head > len(q.chunks)/2 {
		q.chunks, q.head = slices.Clone(q.chunks[q.head:]), 0
	}
	if q.len() == 0 {
		q.chunks, q.head = nil, 0
	}
}
