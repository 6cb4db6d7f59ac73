package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Open opens the journal in a store, which it closes in the end, also if it fails. It opens nothing unless all of it is
// there: the error is [ErrDamaged], [ErrForeign], [ErrNewer] or that of the file system, and contains what to do. It
// never removes anything.
func Open(s Store, o Options) (*Journal, error) {
	j := newJournal(o)
	j.store, j.cache, j.state = s, newCache(cacheBytes), &arena{}
	l := &loader{Journal: j, fronts: map[*Outbox][]byte{}}
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
		return fmt.Errorf("%w; run the version that wrote it, or move the file away to start over", err)
	case errors.Is(err, ErrForeign):
		return fmt.Errorf("%w; name another directory, or move the file away", err)
	case !errors.Is(err, ErrDamaged):
		return err
	}
	since := found.Modified
	if h, _, err := decodeHead(found.Head); err == nil && h.Committed != 0 {
		since = time.Unix(0, h.Committed)
	}
	return fmt.Errorf("%w; move it away to start over: changes since %s are then reported only if the cluster still "+
		"shows them, and pending records are lost", err, since.UTC().Format(time.RFC3339))
}

// loader fills a journal with the content of a store.
type loader struct {
	*Journal
	fronts map[*Outbox][]byte // the lengths of the records of their first chunks
	lines  []byte
}

// entry takes an entry of the store.
func (l *loader) entry(e Entry) error {
	kind, name, named := strings.Cut(e.Bucket, "/")
	signal := Logs
	if named {
		signal = Signal(name)
	}
	switch {
	case kind == bucketOutbox:
		return l.chunk(l.outbox(signal), e)
	case kind == bucketDead:
		return l.deadLetter(l.outbox(signal), e)
	case e.Bucket == bucketState:
		l.state.add(e.Key, e.Value)
		return nil
	case e.Bucket == bucketStdout:
		return l.stdout(e)
	default:
		return ErrForeign
	}
}

func (l *loader) chunk(o *Outbox, e Entry) error {
	pos, err := parseNumber(e.Key)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	c, _, err := decodeChunk(pos, e.Value)
	if err != nil {
		return err
	}
	c.sum = e.Sum
	if o.queue.len() == 0 {
		l.fronts[o] = slices.Clone(e.Value[chunkHead : chunkHead+4*c.count])
	}
	o.queue.push(c)
	o.records += c.left()
	o.bytes += c.bytes
	return nil
}

func (l *loader) deadLetter(o *Outbox, e Entry) error {
	d, err := decodeDeadLetter(e.Key, e.Value)
	if err != nil {
		return err
	}
	o.dead.add(&d)
	return nil
}

func (l *loader) stdout(e Entry) error {
	pos, err := parseNumber(e.Key)
	if err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	l.unwritten = append(l.unwritten, storedPart{pos, e.Sum})
	l.lines = append(l.lines, e.Value...)
	return nil
}

// finish takes the head, which describes the rest.
func (l *loader) finish(found *Snapshot) error {
	l.earlierLines = slices.Clip(l.lines)
	if len(found.Head) == 0 {
		return nil
	}
	h, signals, err := decodeHead(found.Head)
	l.head.seq, l.head.end, l.head.stdoutEnd, l.head.committed = h.Seq, h.End, h.StdoutEnd, h.Committed
	l.head.drop, l.head.totals = h.Drop, h.Totals
	for _, s := range signals {
		o := l.outbox(s.signal)
		*o.totals() = s.Totals
		err = errors.Join(err, l.skip(o, s.Skip))
	}
	for _, o := range l.outboxes {
		if o.totals().Waiting() != count(o.records) && err == nil {
			err = fmt.Errorf("totals of %s don't agree", o.signal)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", found.Name, ErrDamaged, err)
	}
	return nil
}

// skip takes the records off the first chunk of an outbox that have left.
func (l *loader) skip(o *Outbox, n uint64) error {
	if n == 0 {
		return nil
	}
	if o.queue.len() == 0 || n >= uint64(o.queue.front().count) {
		return fmt.Errorf("%d records of the first chunk have left, which has fewer", n)
	}
	front := o.queue.front()
	front.skip = uint32(n) //nolint:gosec // just compared
	for i := range front.skip {
		size := int64(binary.LittleEndian.Uint32(l.fronts[o][4*i:]))
		front.bytes -= size
		o.bytes -= size
	}
	o.records -= int(n) //nolint:gosec // just compared
	return nil
}
