package journal

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"go.etcd.io/bbolt"
)

// change is what one transaction does.
type change struct {
	todo    todo
	entry   *entry // may be nil
	line    uint64 // position of the first part of its lines
	meta    meta   // as it is afterwards; digest, entries and generation are set by apply
	version uint64 // of the journal, which is what is stored afterwards
}

// guard calls f and turns what bbolt and a disk that can't be read make of it,
// panics and faults, into an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read or write the file: %v", p)
		}
	}()
	return f()
}

// applier does a change within a transaction.
type applier struct {
	tx     *bbolt.Tx
	ledger ledger
	buffer []byte // for what is encoded; bbolt needs it until the transaction ends
}

// apply does c and commits. before is the meta of the transaction before.
func apply(db *bbolt.DB, c *change, before *meta, buffer *[]byte) error {
	return guard(func() error {
		tx, err := db.Begin(true)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
		a := &applier{tx: tx, ledger: ledger{before.Digest, before.Entries}, buffer: (*buffer)[:0]}
		defer func() { *buffer = a.buffer }()
		if err := a.change(c); err != nil {
			return err
		}
		c.meta.Digest, c.meta.Entries = a.ledger.digest, a.ledger.entries
		c.meta.Generation = before.Generation + 1
		if err := tx.Bucket([]byte(bucketMeta)).Put([]byte(keyMeta), c.meta.encode()); err != nil {
			return err
		}
		return tx.Commit()
	})
}

func (a *applier) change(c *change) error {
	if err := a.removeParts(bucketOutbox, c.todo.gone); err != nil {
		return err
	}
	if err := a.removeParts(bucketLines, c.todo.written); err != nil {
		return err
	}
	dead := a.tx.Bucket([]byte(bucketDead))
	for i := range c.todo.buried {
		d := &c.todo.buried[i]
		if err := a.put(dead, bucketDead, number(d.Seq), d.encode()); err != nil {
			return err
		}
	}
	for _, seq := range c.todo.raised {
		if err := a.remove(dead, bucketDead, number(seq)); err != nil {
			return err
		}
	}
	if c.entry == nil {
		return nil
	}
	return a.entry(c.entry, c.line)
}

func (a *applier) entry(e *entry, line uint64) error {
	dead := a.tx.Bucket([]byte(bucketDead))
	for _, seq := range e.raised {
		if err := a.remove(dead, bucketDead, number(seq)); err != nil {
			return err
		}
	}
	size := int(e.size) + 4*e.number + chunkHead*len(e.chunks)
	a.buffer = slices.Grow(a.buffer, size) // it must not move while parts of it are in use
	outbox := a.tx.Bucket([]byte(bucketOutbox))
	for i := range e.chunks {
		start := len(a.buffer)
		a.buffer = appendChunk(a.buffer, e.chunks[i], e.records[i])
		hash, err := a.addPart(outbox, bucketOutbox, e.chunks[i].pos, a.buffer[start:])
		if err != nil {
			return err
		}
		e.chunks[i].hash = hash
	}
	if err := a.lines(e, line); err != nil {
		return err
	}
	return a.state(e.group.State)
}

// lines adds the lines of e, of which the first part is at the position line.
func (a *applier) lines(e *entry, line uint64) error {
	e.lines = e.lines[:0]
	lines := a.tx.Bucket([]byte(bucketLines))
	for piece := range slices.Chunk(e.group.Lines, chunkBytes) {
		hash, err := a.addPart(lines, bucketLines, line, piece)
		if err != nil {
			return err
		}
		e.lines = append(e.lines, part{line, hash})
		line++
	}
	return nil
}

// state stores what changed of the state, in the order of keys: neighbours are
// on the same page.
func (a *applier) state(state map[string][]byte) error {
	b := a.tx.Bucket([]byte(bucketState))
	b.FillPercent = 0.8
	for _, key := range slices.Sorted(maps.Keys(state)) {
		var err error
		if value := state[key]; value != nil {
			err = a.put(b, bucketState, []byte(key), value)
		} else {
			err = a.remove(b, bucketState, []byte(key))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put sets a value, in place of one that may be there.
func (a *applier) put(b *bbolt.Bucket, name string, key, value []byte) error {
	if old := b.Get(key); old != nil {
		a.ledger.remove(entryHash(name, key, old))
	}
	a.ledger.add(entryHash(name, key, value))
	return b.Put(key, value)
}

func (a *applier) remove(b *bbolt.Bucket, name string, key []byte) error {
	old := b.Get(key)
	if old == nil {
		return nil
	}
	a.ledger.remove(entryHash(name, key, old))
	return b.Delete(key)
}

// addPart adds a bucket with one value.
func (a *applier) addPart(b *bbolt.Bucket, name string, pos uint64, value []byte) (hash uint64, err error) {
	key := number(pos)
	own, err := b.CreateBucket(key)
	if err != nil {
		return 0, err
	}
	hash = entryHash(name, key, value)
	a.ledger.add(hash)
	return hash, own.Put([]byte(keyValue), value)
}

// removeParts removes such buckets, without reading what is in them.
func (a *applier) removeParts(name string, parts []part) error {
	b := a.tx.Bucket([]byte(name))
	b.FillPercent = 0.9
	for _, p := range parts {
		if err := b.DeleteBucket(number(p.pos)); err != nil {
			return err
		}
		a.ledger.remove(p.hash)
	}
	return nil
}
