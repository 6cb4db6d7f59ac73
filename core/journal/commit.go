package journal

import (
	"context"
	"fmt"
	"time"
)

const (
	// chunkBytes is the size of the records of a chunk, unless a single record is larger: a chunk is read, dropped and
	// allocated in one piece.
	chunkBytes = 128 << 10

	maxKey    = 32 << 10 // of bbolt
	maxSignal = 100      // bytes of its name
)

// addition is a group on its way into the journal, or dead letters on their way back to their outbox.
type addition struct {
	chunks   []addedChunk
	size     int64 // of all records
	at       int64 // when it got room
	group    Group
	lines    []storedPart // those of the group, once they are stored
	resentTo *Outbox      // nil: it is a group
	resent   []uint64     // numbers of the dead letters
}

type addedChunk struct {
	chunk
	outbox  *Outbox
	records [][]byte
}

// Commit adds a group, of which the journal then owns the records. It blocks while there is no room; a group larger
// than the whole journal has room once nothing waits. It also blocks while the disk fails. After an error,
// [ErrClosed] or that of ctx, nothing of the group is in the journal, unless the error is [ErrUncertain], too.
func (j *Journal) Commit(ctx context.Context, g Group) error {
	if err := g.check(); err != nil {
		return fmt.Errorf("commit group: %w", err)
	}
	a := j.addition(g)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := take(ctx, j.committing); err != nil {
		return err
	}
	defer func() { <-j.committing }()
	if err := j.waitForRoom(ctx, a); err != nil {
		return err
	}
	defer func() { <-j.writing }()
	return j.write(ctx, a)
}

func (g *Group) check() error {
	if n := len(g.Records[Logs]); n > 0 && n != g.Emitted {
		return fmt.Errorf("%d encoded records, but %d emitted", n, g.Emitted)
	}
	for s := range g.Records {
		if s == "" || len(s) > maxSignal {
			return fmt.Errorf("name of a signal of %d bytes", len(s))
		}
	}
	if g.Emitted < 0 || count(g.Emitted) > g.Seq {
		return fmt.Errorf("%d records up to number %d", g.Emitted, g.Seq)
	}
	for key := range g.State {
		if key == "" || len(key) > maxKey {
			return fmt.Errorf("state key of %d bytes", len(key))
		}
	}
	return nil
}

// chunkBytes is less in a small journal, so that there is something between dropping nothing and everything.
func (j *Journal) chunkBytes() int64 {
	return max(1, min(chunkBytes, j.options.Capacity/8))
}

// addition makes one of a group.
func (j *Journal) addition(g Group) *addition {
	a := &addition{group: g}
	for s, records := range g.Records {
		var first uint64 // counted from the last record that was committed; see place
		if s == Logs {
			first = g.Seq - count(g.Emitted) + 1
		}
		a.add(j.Outbox(s), records, first, j.chunkBytes())
	}
	return a
}

// add appends records with numbers from seq on, in chunks.
func (a *addition) add(o *Outbox, records [][]byte, seq uint64, limit int64) {
	for len(records) > 0 {
		n, size := 1, int64(len(records[0]))
		for n < len(records) && size+int64(len(records[n])) <= limit {
			size += int64(len(records[n]))
			n++
		}
		c := chunk{seq: seq, bytes: size, count: uint32(n)}
		a.chunks = append(a.chunks, addedChunk{c, o, records[:n:n]})
		a.size += size
		seq += count(n)
		records = records[n:]
	}
}

// take waits for a token.
func take(ctx context.Context, token chan struct{}) error {
	select {
	case token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// place gives the chunks of a, which has room, their positions, and numbers all records but those of Logs. The lock is
// held.
func (j *Journal) place(a *addition) {
	a.at = time.Now().UnixNano()
	pos := j.head.end
	for i := range a.chunks {
		c := &a.chunks[i]
		c.pos, c.at = pos, a.at
		pos += uint64(c.count)
		if c.outbox.signal != Logs && a.resentTo == nil {
			c.seq += c.outbox.totals().Committed + 1
		}
	}
}

// write stores a, and publishes it.
func (j *Journal) write(ctx context.Context, a *addition) error {
	if j.writer != nil {
		return j.writer.write(ctx, a)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.publish(a)
	return nil
}

// publish adds a stored addition to the index. The lock is held.
func (j *Journal) publish(a *addition) {
	for i := range a.chunks {
		c := &a.chunks[i]
		c.outbox.queue.push(c.chunk)
		c.outbox.records += int(c.count)
		c.outbox.bytes += c.bytes
		j.cache.add(c.chunk, c.records)
	}
	for _, seq := range a.resent {
		a.resentTo.dead.remove(seq)
	}
	j.unwritten = append(j.unwritten, a.lines...)
	a.advance(&j.head)
	for _, o := range j.outboxes {
		o.checkReady()
	}
	j.broadcast()
}

// advance makes h the head of the journal with a in it.
func (a *addition) advance(h *head) {
	if n := len(a.chunks); n > 0 {
		h.end = a.chunks[n-1].pos + uint64(a.chunks[n-1].count)
	}
	if a.resentTo != nil {
		h.signals[a.resentTo.index].Dead -= count(len(a.resent))
		return
	}
	for i := range a.chunks {
		h.signals[a.chunks[i].outbox.index].Committed += uint64(a.chunks[i].count)
	}
	t, g := &h.totals, &a.group
	h.seq, h.committed = g.Seq, a.at
	h.stdoutEnd += count((len(g.Lines) + chunkBytes - 1) / chunkBytes)
	t.Received += g.Received
	t.Changed += g.Changed
	t.Suppressed += g.Suppressed
	t.Emitted += count(g.Emitted)
	if g.Lines != nil {
		t.Stdout.Committed += count(g.Emitted)
	}
	h.drop.Records -= min(g.Announced, h.drop.Records)
	if h.drop.Records == 0 {
		h.drop = Drop{}
	}
}
