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

	maxKey = 32 << 10 // of bbolt
)

// addition is a group on its way into the journal, or dead letters on their way back to the outbox.
type addition struct {
	chunks []addedChunk
	number int   // of all records
	size   int64 // of all records
	at     int64 // when it got room
	group  Group
	resent []uint64     // numbers of the dead letters
	lines  []storedPart // those of the group, once they are stored
}

type addedChunk struct {
	chunk
	records [][]byte
}

// Commit adds a group, of which the journal then owns the records. It blocks while there is no room; a group larger
// than the whole journal has room once nothing waits. It also blocks while the disk fails. After an error,
// [ErrClosed] or that of ctx, nothing of the group is in the journal, unless the error is [ErrUncertain], too.
func (j *Journal) Commit(ctx context.Context, g Group) error {
	if err := g.check(); err != nil {
		return fmt.Errorf("commit group: %w", err)
	}
	a := &addition{group: g}
	a.add(g.Records, g.Seq-count(g.Emitted)+1, j.chunkBytes())
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
	if len(g.Records) > 0 && len(g.Records) != g.Emitted {
		return fmt.Errorf("%d encoded records, but %d emitted", len(g.Records), g.Emitted)
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

// add appends records with numbers from seq on, in chunks.
func (a *addition) add(records [][]byte, seq uint64, limit int64) {
	for len(records) > 0 {
		n, size := 1, int64(len(records[0]))
		for n < len(records) && size+int64(len(records[n])) <= limit {
			size += int64(len(records[n]))
			n++
		}
		c := chunk{seq: seq, bytes: size, count: uint32(n)}
		a.chunks = append(a.chunks, addedChunk{c, records[:n:n]})
		a.number += n
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

// place gives the chunks of a, which has room, their positions. The lock is held.
func (j *Journal) place(a *addition) {
	a.at = time.Now().UnixNano()
	pos := j.head.End
	for i := range a.chunks {
		c := &a.chunks[i]
		c.pos, c.at = pos, a.at
		pos += uint64(c.count)
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

// publish makes visible what is stored. The lock is held.
func (j *Journal) publish(a *addition) {
	for i := range a.chunks {
		c := &a.chunks[i]
		j.queue.push(c.chunk)
		j.cache.add(c.chunk, c.records)
	}
	j.records += a.number
	j.bytes += a.size
	for _, seq := range a.resent {
		j.dead.remove(seq)
	}
	j.unwritten = append(j.unwritten, a.lines...)
	a.advance(&j.head)
	j.checkReady()
	j.broadcast()
}

// advance makes h the head of the journal with a in it.
func (a *addition) advance(h *head) {
	if n := len(a.chunks); n > 0 {
		h.End = a.chunks[n-1].pos + uint64(a.chunks[n-1].count)
	}
	t := &h.Totals
	if n := count(len(a.resent)); n > 0 {
		t.OTLP.Dead -= n
		return
	}
	g := &a.group
	h.Seq, h.Committed = g.Seq, a.at
	h.Stdout += count((len(g.Lines) + chunkBytes - 1) / chunkBytes)
	t.Received += g.Received
	t.Changed += g.Changed
	t.Suppressed += g.Suppressed
	t.Emitted += count(g.Emitted)
	t.OTLP.Committed += count(a.number)
	if g.Lines != nil {
		t.Stdout.Committed += count(g.Emitted)
	}
	h.Drop.Records -= min(g.Announced, h.Drop.Records)
	if h.Drop.Records == 0 {
		h.Drop = Drop{}
	}
}
