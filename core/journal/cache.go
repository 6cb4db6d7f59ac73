package journal

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

const cacheBytes = 4 << 20 // of records that are still in memory when the consumer comes for them

// errLeft is returned for a record that left while it was about to be read.
var errLeft = errors.New("record has left the journal")

// cache holds the records of chunks: all of them in memory, and those that came last of a store.
type cache struct {
	limit, bytes int64
	chunks       map[uint64]cachedChunk // by position
}

type cachedChunk struct {
	records [][]byte // those that have left are nil
	bytes   int64
}

func newCache(limit int64) cache { return cache{limit: limit, chunks: map[uint64]cachedChunk{}} }

func (c *cache) add(ch chunk, records [][]byte) {
	if c.bytes+ch.bytes <= c.limit {
		c.chunks[ch.pos] = cachedChunk{records, ch.bytes}
		c.bytes += ch.bytes
	}
}

func (c *cache) forget(ch *chunk) {
	cached, ok := c.chunks[ch.pos]
	switch {
	case !ok:
	case ch.left() == 0:
		delete(c.chunks, ch.pos)
		c.bytes -= cached.bytes
	default:
		clear(cached.records[:ch.skip])
	}
}

// recentChunk is the one that was read from the store last: batches end within chunks.
type recentChunk struct {
	pos     uint64
	records [][]byte
}

// forget releases the records of a chunk that have left.
func (o *Outbox) forget(c *chunk) {
	o.j.cache.forget(c)
	if o.recent.pos == c.pos && c.left() == 0 {
		o.recent = recentChunk{}
	}
}

// load returns all records of a chunk. Those that have left may be nil.
func (o *Outbox) load(c chunk) ([][]byte, error) {
	o.j.mu.Lock()
	records := o.j.cache.chunks[c.pos].records
	if o.recent.pos == c.pos {
		records = o.recent.records
	}
	records = slices.Clone(records)
	o.j.mu.Unlock()
	if records != nil {
		return records, nil
	}
	if o.j.store == nil {
		return nil, errLeft
	}
	e, err := o.j.store.Read(o.bucketOutbox, number(c.pos))
	switch {
	case err != nil:
		return nil, err
	case e.Value == nil:
		return nil, errLeft
	case e.Sum != c.sum:
		return nil, fmt.Errorf("%s: %w: chunk %d is not as it was written", o.j.name, ErrDamaged, c.pos)
	}
	if _, records, err = decodeChunk(c.pos, e.Value); err != nil {
		return nil, err
	}
	o.j.mu.Lock()
	o.recent = recentChunk{c.pos, records}
	o.j.mu.Unlock()
	return records, nil
}

// NewMemory returns an empty journal that is lost when the process ends. Its capacity counts the bytes of the records
// alone, not the few that keeping them costs.
func NewMemory(o Options) *Journal {
	j := newJournal(o)
	j.cache = newCache(math.MaxInt64)
	return j
}
