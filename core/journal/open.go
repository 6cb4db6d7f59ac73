package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Open opens the journal in a store, which it closes in the end, also if it fails. It opens nothing unless all of it is
// there: the error is [ErrDamaged], [ErrForeign], [ErrNewer] or that of the file system, and contains what to do. It
// never removes anything.
func Open(s Store, o Options) (*Journal, error) {
	j := newJournal(o)
	j.store, j.cache, j.state = s, newCache(cacheBytes), &arena{}
	l := &loader{journal: j}
	found, err := s.Load(newestFormat, l.entry)
	if err == nil {
		err = l.finish(&found)
	}
	if err != nil {
		return nil, errors.Join(explain(err, &found), s.Close())
	}
	j.name, j.readOnly, j.headDamaged = found.Name, found.ReadOnly, found.HeadDamaged
	if !j.readOnly {
		j.writer = newWriter(j, found.Head)
		if len(found.Head) == 0 {
			j.touch() // so that the head of a new journal gets stored
		}
		go j.writer.run()
	}
	return j, nil
}

// explain adds to an error what to do about it.
func explain(err error, found *Snapshot) error {
	err = fmt.Errorf("open journal: %w", err)
	switch {
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("%w; run the version that wrote it, or move the file away to start anew", err)
	case errors.Is(err, ErrForeign):
		return fmt.Errorf("%w; name another directory, or move the file away", err)
	case !errors.Is(err, ErrDamaged):
		return err
	}
	since := found.Modified
	var h head
	if h.decode(found.Head) == nil && h.Committed != 0 {
		since = time.Unix(0, h.Committed)
	}
	return fmt.Errorf("%w; move it away to start anew: of changes since %s, only those that the cluster still shows "+
		"can be reported then, and waiting records are lost", err, since.UTC().Format(time.RFC3339))
}

// loader fills a journal with the content of a store.
type loader struct {
	journal *Journal
	front   []byte // the lengths of the records of the first chunk
	lines   []byte
}

// entry takes an entry of the store.
func (l *loader) entry(e Entry) error {
	switch e.Bucket {
	case bucketState:
		l.journal.state.add(e.Key, e.Value)
		return nil
	case bucketOutbox:
		return l.chunk(e)
	case bucketStdout:
		return l.stdout(e)
	case bucketDead:
		return l.deadLetter(e)
	default:
		return ErrForeign
	}
}

func (l *loader) chunk(e Entry) error {
	pos, err := parseNumber(e.Key)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	c, _, err := decodeChunk(pos, e.Value)
	if err != nil {
		return err
	}
	c.sum = e.Sum
	if l.journal.queue.len() == 0 {
		l.front = slices.Clone(e.Value[chunkHead : chunkHead+4*c.count])
	}
	l.journal.queue.push(c)
	l.journal.records += c.left()
	l.journal.bytes += c.bytes
	return nil
}

func (l *loader) stdout(e Entry) error {
	pos, err := parseNumber(e.Key)
	if err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	l.journal.unwritten = append(l.journal.unwritten, storedPart{pos, e.Sum})
	l.lines = append(l.lines, e.Value...)
	return nil
}

func (l *loader) deadLetter(e Entry) error {
	d, err := decodeDeadLetter(e.Key, e.Value)
	if err != nil {
		return err
	}
	l.journal.dead.add(d.Seq, len(d.Record))
	return nil
}

// finish takes the head, which describes the rest.
func (l *loader) finish(found *Snapshot) error {
	j := l.journal
	j.earlierLines = slices.Clip(l.lines)
	if len(found.Head) == 0 {
		return nil
	}
	err := j.head.decode(found.Head)
	if err == nil {
		err = l.skip(j.head.Skip)
	}
	if t := &j.head.Totals.OTLP; err == nil && t.Waiting() != count(j.records) {
		err = errors.New("its totals don't agree")
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", found.Name, ErrDamaged, err)
	}
	j.head.Skip = 0
	return nil
}

// skip takes the records off the first chunk that have left.
func (l *loader) skip(n uint64) error {
	if n == 0 {
		return nil
	}
	j := l.journal
	if j.queue.len() == 0 || n >= uint64(j.queue.front().count) {
		return fmt.Errorf("%d records of the first chunk have left, which has fewer", n)
	}
	front := j.queue.front()
	front.skip = uint32(n) //nolint:gosec // just compared
	for i := range front.skip {
		size := int64(binary.LittleEndian.Uint32(l.front[4*i:]))
		front.bytes -= size
		j.bytes -= size
	}
	j.records -= int(n) //nolint:gosec // just compared
	return nil
}
