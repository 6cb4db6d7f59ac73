package journal

import (
	"context"
	"sync"
	"time"
)

// chunkBytes is how many bytes of records a chunk has at most, if it has more
// than one record: what is read, dropped and allocated in one piece.
const chunkBytes = 128 << 10

// Journal is an outbox in memory or in a file. Its methods may be called
// concurrently, but there is one consumer: whoever calls Next is the one who
// calls Ack and Refuse.
//
// Everything that it does is done here, in memory; a store only keeps the bytes.
type Journal struct {
	options Options
	store   store

	// turn is held by the Commit that adds the next group. It keeps the order
	// of commits and lets no small group overtake one that waits for room.
	turn chan struct{}
	// pen is held by what is writing to the store: a Commit that has room, or
	// what moves dead letters.
	pen chan struct{}

	readOnly  bool
	keepsDead bool // or only counts dead letters

	mu              sync.Mutex
	queue           queue
	records         int
	bytes           int64
	left            uint64 // how many records have left at the front, since the start
	lent            int    // how many records at the front the consumer may have
	protected       uint64 // position of the last chunk of them; 0 is none
	end             uint64 // position of the next chunk
	dead            graveyard
	seq             uint64
	totals          Totals
	drop            Drop // that somebody has asked for and may be telling of
	fresh           Drop // since then
	headDamaged     bool
	committed       int64
	unwritten       []part // lines that are in the file and may not be on stdout
	lines           uint64 // position of the next part of lines
	earlier         []byte // those of an earlier run
	state           *arena // of an earlier run
	blockedSince    time.Time
	unreadableSince time.Time
	failing         error
	failingSince    time.Time
	unreadable      error // what Next says of the disk
	sealed          bool
	closed          bool
	uncertain       bool

	todo    todo   // what the store hasn't been told
	version uint64 // rises with what is to be stored; todo is everything since saved
	saved   uint64
	changed chan struct{} // closed at the next change; nil while nobody waits for one
	ready   ready
}

// store keeps the bytes of a journal.
type store interface {
	// write stores an entry together with all that is to do, and has it
	// published. It retries until ctx ends.
	write(ctx context.Context, e *entry) error
	// touched is called, with the lock of the journal held, after there came
	// something to do.
	touched()
	// keep and forget are called, with the lock held, for a chunk that was
	// published or whose first n records are not needed any more.
	keep(c chunk, records [][]byte)
	forget(c *chunk, n int)
	// load returns all records of a chunk, of which those that have left may
	// be nil. Without the lock.
	load(c chunk) ([][]byte, error)
	// letter returns a dead letter. Without the lock.
	letter(l letter) (DeadLetter, error)
	fileBytes() int64
	// moved tells whether the file is no longer where it is looked for.
	moved() error
	close() error
}

// part is one of lines that are kept, with the hash of its entry.
type part struct{ pos, hash uint64 }

// todo is what happened in memory and is not in the store.
type todo struct {
	gone    []part       // chunks that have left
	written []part       // lines that are on stdout
	buried  []DeadLetter // new among the dead letters
	raised  []uint64     // not among them any more
}

func (t *todo) add(u todo) {
	t.gone = append(t.gone, u.gone...)
	t.written = append(t.written, u.written...)
	t.buried = append(t.buried, u.buried...)
	t.raised = append(t.raised, u.raised...)
}

func newJournal(o Options) *Journal {
	return &Journal{options: o, turn: make(chan struct{}, 1), pen: make(chan struct{}, 1), end: 1}
}

// await calls try with the lock held, now and after every change, until it is
// done or fails, or ctx ends.
func (j *Journal) await(ctx context.Context, try func() (done bool, err error)) error {
	for {
		changed, err := j.attempt(try)
		if changed == nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// attempt calls try once. Where that settles nothing, it returns a channel that
// is closed at the next change.
func (j *Journal) attempt(try func() (bool, error)) (changed <-chan struct{}, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if done, err := try(); done || err != nil {
		return nil, err
	}
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed, nil
}

// broadcast tells those who wait of a change. The lock is held.
func (j *Journal) broadcast() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// touch is called, with the lock held, after there came something to do.
func (j *Journal) touch() {
	j.version++
	j.store.touched()
	j.broadcast()
}

// Drained blocks until nothing waits and the store knows it, or ctx ends, whose
// error it returns.
func (j *Journal) Drained(ctx context.Context) error {
	return j.await(ctx, func() (bool, error) {
		if j.records == 0 && j.saved == j.version {
			return true, nil
		}
		if j.closed {
			return false, ErrClosed
		}
		return false, nil
	})
}

// Seal makes this and every later Commit fail with [ErrClosed]. What is in the
// journal can still be taken and acknowledged. Sealing twice is harmless.
func (j *Journal) Seal() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sealed = true
	j.ready.settle()
	j.broadcast()
}

// Close seals the journal, stores what is still to be stored and closes the
// file. Commits and Nexts that wait fail with [ErrClosed]. It returns within
// seconds, with an error where the disk didn't take what it was given: then
// records that were delivered may be delivered again.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.sealed, j.closed = true, true
	j.ready.settle()
	j.broadcast()
	j.mu.Unlock()
	return j.store.close()
}

// Unwritten returns the lines that an earlier run committed and may not have
// written to stdout. They come first; [Journal.Written] is for them, too.
func (j *Journal) Unwritten() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.earlier
}

// Written says that all lines that were committed so far are on stdout. It
// doesn't block.
func (j *Journal) Written() {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &j.totals.Stdout
	if len(j.unwritten) == 0 && s.Acknowledged == s.Committed {
		return
	}
	j.todo.written = append(j.todo.written, j.unwritten...)
	j.unwritten, j.earlier = nil, nil
	s.Sent += s.Committed - s.Acknowledged
	s.Acknowledged = s.Committed
	j.touch()
}

// Sent counts records that were handed to the receiver, each time they were.
func (j *Journal) Sent(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.OTLP.Sent += count(n)
}

// Rejected counts records that the receiver took and then threw away.
func (j *Journal) Rejected(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.OTLP.Rejected += count(n)
}

// Dropped returns what was dropped and is not told of yet. A group with a
// record that tells of it has its number in Announced.
func (j *Journal) Dropped() Drop {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.drop, j.fresh = j.drop.with(j.fresh), Drop{}
	return j.drop
}

// with returns what both tell of.
func (d Drop) with(other Drop) Drop {
	switch {
	case d.Records == 0:
		return other
	case other.Records == 0:
		return d
	}
	return Drop{d.Records + other.Records, min(d.FirstSeq, other.FirstSeq), max(d.LastSeq, other.LastSeq)}
}

// Stats returns how full the journal is now.
func (j *Journal) Stats() Stats {
	file, moved := j.store.fileBytes(), j.store.moved()
	j.mu.Lock()
	defer j.mu.Unlock()
	s := Stats{
		Records: j.records, Bytes: j.bytes, Capacity: j.options.Capacity, BlockedSince: j.blockedSince,
		DeadRecords: j.dead.records(), DeadBytes: j.dead.bytes, FileBytes: file, HeadDamaged: j.headDamaged,
		Committed: moment(j.committed), Seq: j.seq, Totals: j.totals,
	}
	if moved != nil {
		s.Failing, s.FailingSince = moved.Error(), time.Now()
	}
	if j.unreadable != nil {
		s.Failing, s.FailingSince = j.unreadable.Error(), j.unreadableSince
	}
	if j.failing != nil {
		s.Failing, s.FailingSince = j.failing.Error(), j.failingSince
	}
	if j.queue.len() > 0 {
		s.Oldest = moment(j.queue.front().at)
	}
	return s
}

// moment is a time of the wall clock that is not in the future, even if the
// clock was set back since.
func moment(unixNano int64) time.Time {
	if unixNano == 0 {
		return time.Time{}
	}
	t := time.Unix(0, unixNano)
	if now := time.Now(); t.After(now) {
		return now
	}
	return t
}

// count is the number of something.
func count(n int) uint64 {
	return uint64(max(n, 0))
}
