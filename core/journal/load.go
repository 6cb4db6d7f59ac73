package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// content is what a file holds, but for the records themselves.
type content struct {
	meta   meta
	queue  queue
	state  *arena
	lines  []part
	text   []byte // of the lines
	dead   graveyard
	places map[uint64]place // of chunks and dead letters in the file; only where asked for
	ledger ledger

	format  uint32
	hasMeta bool
	known   bool  // has an entry that we make
	odd     error // for an entry that we don't
}

// place is where in the file a value is.
type place struct {
	offset int64
	size   int
}

// errNewer is that of a file with a higher version of the format.
var errNewer = errors.New("format is of a newer version")

// load reads a file to its end and checks that all of it is of one transaction.
func load(file io.ReaderAt, size int64, places bool) (*content, error) {
	c := &content{state: &arena{}}
	if places {
		c.places = map[uint64]place{}
	}
	complete, err := scan(file, size, c.entry)
	switch {
	case c.odd != nil && !c.known && complete && (err == nil || errors.Is(err, errNoFreelist)):
		return c, errForeignFile
	case err != nil:
		return c, err
	default:
		return c, c.check()
	}
}

// entry takes up an entry of the file.
func (c *content) entry(path []string, key, value []byte, offset int64) error {
	if len(path) == 0 || path[0][0] == 0 {
		return errors.New("root of another bucket") // whoever's file it is
	}
	var err error
	nested := len(path) == 2 && string(key) == keyValue
	switch {
	case path[0] == bucketMeta && len(path) == 1:
		c.known = true
		return c.about(string(key), value)
	case path[0] == bucketState && len(path) == 1:
		c.state.add(key, value)
	case path[0] == bucketOutbox && nested:
		err = c.chunk([]byte(path[1]), value, offset)
	case path[0] == bucketLines && nested:
		err = c.part([]byte(path[1]), value)
	case path[0] == bucketDead && len(path) == 1:
		err = c.letter(key, value, offset)
	default:
		c.odd = fmt.Errorf("entry %.20q in %.20q", key, path)
		return nil
	}
	c.known = true
	if nested {
		key = []byte(path[1])
	}
	c.ledger.add(entryHash(path[0], key, value))
	return err
}

func (c *content) about(key string, value []byte) (err error) {
	switch key {
	case keyFormat:
		if c.format, err = decodeFormat(value); err == nil && c.format > formatVersion {
			err = fmt.Errorf("%w: %d", errNewer, c.format)
		}
	case keyMeta:
		c.hasMeta = true
		err = c.meta.decode(value)
	default:
		c.odd = fmt.Errorf("entry %.20q", key)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func (c *content) chunk(key, value []byte, offset int64) error {
	if len(key) != 8 {
		return fmt.Errorf("key of %d bytes in the outbox", len(key))
	}
	pos := binary.BigEndian.Uint64(key)
	ch, _, err := decodeChunk(pos, value)
	if err != nil {
		return err
	}
	ch.hash = entryHash(bucketOutbox, key, value)
	c.queue.push(ch)
	if c.places != nil {
		c.places[pos] = place{offset, len(value)}
	}
	if c.queue.len() == 1 {
		return c.cut(value)
	}
	return nil
}

// cut takes the records off the first chunk that have left. How many there are
// is known by then: the bucket meta is before outbox.
func (c *content) cut(value []byte) error {
	front := c.queue.front()
	if c.meta.Skip >= uint64(front.count) {
		return fmt.Errorf("%d records of a chunk of %d have left", c.meta.Skip, front.count)
	}
	front.skip = uint32(c.meta.Skip) //nolint:gosec // just compared
	for i := range front.skip {
		front.bytes -= int64(binary.LittleEndian.Uint32(value[chunkHead+4*i:]))
	}
	return nil
}

func (c *content) part(key, value []byte) error {
	if len(key) != 8 {
		return fmt.Errorf("key of %d bytes in the lines", len(key))
	}
	c.lines = append(c.lines, part{binary.BigEndian.Uint64(key), entryHash(bucketLines, key, value)})
	c.text = append(c.text, value...)
	return nil
}

func (c *content) letter(key, value []byte, offset int64) error {
	d, err := decodeLetter(key, value)
	if err != nil {
		return err
	}
	c.dead.add(d)
	if c.places != nil {
		c.places[^d.Seq] = place{offset, len(value)}
	}
	return nil
}

// check compares what was read with what the last transaction says.
func (c *content) check() error {
	m := &c.meta
	waiting := count(records(c.queue.all()))
	t := &m.Totals.OTLP
	switch {
	case c.odd != nil:
		return c.odd
	case c.format == 0 || !c.hasMeta:
		return errors.New("what describes the journal is missing")
	case c.ledger != ledger{m.Digest, m.Entries}:
		return fmt.Errorf("it has %d entries with the digest %016x, and should have %d with %016x",
			c.ledger.entries, c.ledger.digest, m.Entries, m.Digest)
	case t.Committed != t.Acknowledged+t.Dropped+t.Dead+waiting:
		return errors.New("its totals don't agree")
	}
	return nil
}

// restore makes j what c is.
func (c *content) restore(j *Journal) {
	j.queue, j.dead, j.state = c.queue, c.dead, c.state
	j.records = records(c.queue.all())
	for _, ch := range c.queue.all() {
		j.bytes += ch.bytes
	}
	m := &c.meta
	j.end, j.lines, j.seq, j.totals, j.drop, j.committed = m.End, m.Lines, m.Seq, m.Totals, m.Drop, m.Committed
	j.unwritten, j.earlier = c.lines, slices.Clip(c.text)
	j.keepsDead = true
}
