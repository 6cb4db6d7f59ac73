package journal

import (
	"context"
	"fmt"
	"time"
)

// entry is a group on its way into the store, or dead letters on their way back
// to the outbox.
type entry struct {
	chunks  []chunk
	records [][][]byte // of each chunk
	number  int        // of all records
	size    int64
	at      int64 // when its turn came
	group   Group
	raised  []uint64 // dead letters that these records were
	lines   []part   // where the lines are kept; set by the store
}

// Commit adds a group, of which the journal then owns the records. It blocks
// while there is no room; a group larger than the whole journal has room once
// nothing waits. It blocks, too, while the disk fails. With an error,
// [ErrClosed] or that of ctx, nothing of the group is in the journal, except
// where the error is [ErrUncertain], too.
func (j *Journal) Commit(ctx context.Context, g Group) error {
	e, err := j.entry(g)
	if err != nil {
		return err
	}
	return j.add(ctx, e)
}

// entry makes one of a group. Its positions are set later, in its turn.
func (j *Journal) entry(g Group) (*entry, error) {
	if len(g.Records) > 0 && len(g.Records) != g.Emitted {
		return nil, fmt.Errorf("commit group: %d records, of which %d are to be sent", g.Emitted, len(g.Records))
	}
	if g.Emitted < 0 || count(g.Emitted) > g.Seq {
		return nil, fmt.Errorf("commit group: %d records up to number %d", g.Emitted, g.Seq)
	}
	for key := range g.State {
		if key == "" || len(key) > maxKey {
			return nil, fmt.Errorf("commit group: key of %d bytes in the state", len(key))
		}
	}
	e := &entry{group: g}
	e.add(g.Records, g.Seq-count(g.Emitted)+1, j.chunkBytes())
	return e, nil
}

// chunkBytes is smaller in a small journal, so that there is something between
// dropping nothing and dropping everything.
func (j *Journal) chunkBytes() int64 {
	return max(1, min(chunkBytes, j.options.Capacity/8))
}

// add appends records with numbers from seq on, in chunks.
func (e *entry) add(records [][]byte, seq uint64, limit int64) {
	for len(records) > 0 {
		n, size := 1, int64(len(records[0]))
		for n < len(records) && size+int64(len(records[n])) <= limit {
			size += int64(len(records[n]))
			n++
		}
		e.chunks = append(e.chunks, chunk{seq: seq, bytes: size, count: uint32(n)})
		e.records = append(e.records, records[:n:n])
		e.number += n
		e.size += size
		seq += count(n)
		records = records[n:]
	}
}

// add stores e once it is its turn and there is room.
func (j *Journal) add(ctx context.Context, e *entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := take(ctx, j.turn); err != nil {
		return err
	}
	defer func() { <-j.turn }()
	if err := j.room(ctx, e); err != nil {
		return err
	}
	defer func() { <-j.pen }()
	return j.store.write(ctx, e)
}

func take(ctx context.Context, token chan struct{}) error {
	select {
	case token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// room waits until there is room for e and returns with the pen. Without room
// nobody has the pen: moving dead letters is what may make some.
func (j *Journal) room(ctx context.Context, e *entry) error {
	defer j.unblocked()
	for {
		fits := func() (bool, error) {
			if err := j.refusal(); err != nil {
				return false, err
			}
			if !j.makeRoom(e.size) {
				j.blocked()
				return false, nil
			}
			return true, nil
		}
		if err := j.await(ctx, fits); err != nil {
			return err
		}
		if err := take(ctx, j.pen); err != nil {
			return err
		}
		j.mu.Lock()
		ok, err := fits()
		if ok {
			j.place(e)
		}
		j.mu.Unlock()
		if ok {
			return nil
		}
		<-j.pen
		if err != nil {
			return err
		}
	}
}

// place gives the chunks of e, whose turn it is, their positions.
func (j *Journal) place(e *entry) {
	e.at = time.Now().UnixNano()
	pos := j.end
	for i := range e.chunks {
		e.chunks[i].pos, e.chunks[i].at = pos, e.at
		pos += uint64(e.chunks[i].count)
	}
}

func (j *Journal) refusal() error {
	switch {
	case j.readOnly:
		return ErrReadOnly
	case j.sealed:
		return ErrClosed
	case j.uncertain:
		return ErrUncertain
	default:
		return nil
	}
}

// publish adds what the store has taken, with the lock held.
func (j *Journal) publish(e *entry) {
	for i, c := range e.chunks {
		j.queue.push(c)
		j.store.keep(c, e.records[i])
		j.end = c.pos + uint64(c.count)
	}
	j.records += e.number
	j.bytes += e.size
	for _, seq := range e.raised {
		j.dead.remove(seq)
	}
	j.unwritten = append(j.unwritten, e.lines...)
	if len(e.lines) > 0 {
		j.lines = e.lines[len(e.lines)-1].pos + 1
	}
	e.count(&j.totals, &j.drop)
	if len(e.raised) == 0 {
		j.seq = e.group.Seq
		j.committed = e.at
	}
	j.added()
	j.broadcast()
}

// count adds to the totals what e adds.
func (e *entry) count(t *Totals, d *Drop) {
	if n := count(len(e.raised)); n > 0 {
		t.OTLP.Dead -= n
		return
	}
	g := &e.group
	t.Received += g.Received
	t.Changed += g.Changed
	t.Suppressed += g.Suppressed
	t.Emitted += count(g.Emitted)
	t.OTLP.Committed += count(e.number)
	if g.Lines != nil {
		t.Stdout.Committed += count(g.Emitted)
	}
	d.Records -= min(g.Announced, d.Records)
	if d.Records == 0 {
		*d = Drop{}
	}
}

// makeRoom looks whether size bytes have room. With drop-oldest they have, after
// what was there first has been dropped. The lock is held.
func (j *Journal) makeRoom(size int64) bool {
	fits := func() bool { return size == 0 || j.bytes+j.dead.bytes+size <= j.options.Capacity }
	// A group that is too large for the room beside dead letters, or for any,
	// would otherwise wait for ever.
	alone := j.records == 0 && (j.dead.bytes < j.options.Capacity || j.dead.records() == 0)
	if fits() || alone && !j.options.DropOldest {
		return true
	}
	if !j.options.DropOldest {
		return false
	}
	before := j.totals.OTLP.Dropped
	for !fits() && j.dropDead() {
	}
	for !fits() && j.dropWaiting() {
	}
	if j.totals.OTLP.Dropped > before {
		j.touch()
	}
	return true // what the consumer has is not dropped: it is half of the capacity at most
}

// dropDead drops the oldest dead letter. They go first: what waits can still be
// delivered.
func (j *Journal) dropDead() bool {
	l, ok := j.dead.oldest()
	if !ok {
		return false
	}
	j.dead.remove(l.seq)
	j.todo.raised = append(j.todo.raised, l.seq)
	j.totals.OTLP.Dead--
	j.dropped(l.seq, 1)
	return true
}

// dropWaiting drops the oldest chunk of which the consumer has nothing.
func (j *Journal) dropWaiting() bool {
	keep, chunks := 0, j.queue.all()
	for keep < len(chunks) && chunks[keep].pos <= j.protected {
		keep++
	}
	if keep == len(chunks) {
		return false
	}
	c := chunks[keep]
	j.store.forget(&c, int(c.count))
	j.todo.gone = append(j.todo.gone, part{c.pos, c.hash})
	j.records -= c.left()
	j.bytes -= c.bytes
	j.dropped(c.seq+uint64(c.skip), c.left())
	j.queue.remove(keep, 1)
	return true
}

func (j *Journal) dropped(seq uint64, n int) {
	j.totals.OTLP.Dropped += count(n)
	j.fresh = j.fresh.with(Drop{count(n), seq, seq + count(n) - 1})
}

func (j *Journal) blocked() {
	j.ready.settle()
	if j.blockedSince.IsZero() {
		j.blockedSince = time.Now()
	}
}

func (j *Journal) unblocked() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.blockedSince = time.Time{}
}
