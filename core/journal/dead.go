package journal

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sort"
	"time"
)

// resendWait is how long Resend waits for room and for the disk.
const resendWait = 30 * time.Second

// letter is the index of a dead letter.
type letter struct {
	seq   uint64
	bytes int64 // of the record
}

// graveyard is the index of dead letters, by number.
type graveyard struct {
	letters []letter
	bytes   int64
	counted int // those of which a journal in memory keeps nothing else
}

func (g *graveyard) records() int { return len(g.letters) + g.counted }

func (g *graveyard) add(l DeadLetter) {
	i, _ := g.find(l.Seq)
	g.letters = slices.Insert(g.letters, i, letter{l.Seq, int64(len(l.Record))})
	g.bytes += int64(len(l.Record))
}

func (g *graveyard) find(seq uint64) (int, bool) {
	i := sort.Search(len(g.letters), func(i int) bool { return g.letters[i].seq >= seq })
	return i, i < len(g.letters) && g.letters[i].seq == seq
}

func (g *graveyard) remove(seq uint64) {
	if i, ok := g.find(seq); ok {
		g.bytes -= g.letters[i].bytes
		g.letters = slices.Delete(g.letters, i, i+1)
	}
}

func (g *graveyard) oldest() (letter, bool) {
	if len(g.letters) == 0 {
		return letter{}, false
	}
	return g.letters[0], true
}

// pick returns the letters with the numbers seqs, or all where none is named.
func (g *graveyard) pick(seqs []uint64) []letter {
	if len(seqs) == 0 {
		return slices.Clone(g.letters)
	}
	seqs = slices.Clone(seqs)
	slices.Sort(seqs)
	var picked []letter
	for _, seq := range slices.Compact(seqs) {
		if i, ok := g.find(seq); ok {
			picked = append(picked, g.letters[i])
		}
	}
	return picked
}

// errGone is that of a record that left while it was about to be read.
var errGone = errors.New("record has left the journal")

// DeadLetters lists the records that the receiver refused, by number. Those that
// come or go meanwhile may be among them.
func (j *Journal) DeadLetters() iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		j.mu.Lock()
		letters := j.dead.pick(nil)
		j.mu.Unlock()
		for _, l := range letters {
			d, err := j.letter(l)
			if errors.Is(err, errGone) {
				continue
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// letter finds a dead letter, which may not be in the store yet.
func (j *Journal) letter(l letter) (DeadLetter, error) {
	j.mu.Lock()
	for _, d := range j.todo.buried {
		if d.Seq == l.seq {
			j.mu.Unlock()
			return d, nil
		}
	}
	j.mu.Unlock()
	return j.store.letter(l)
}

// Waiting lists all records that wait, oldest first, without taking them. Those
// that come or go meanwhile may be among them.
func (j *Journal) Waiting() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		j.mu.Lock()
		chunks := slices.Clone(j.queue.all())
		j.mu.Unlock()
		for _, c := range chunks {
			records, err := j.store.load(c)
			if errors.Is(err, errGone) {
				continue
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			for i, r := range records[c.skip:] {
				if r == nil { // acknowledged since
					continue
				}
				if !yield(Record{Seq: c.seq + uint64(c.skip) + count(i), At: moment(c.at), Data: r}, nil) {
					return
				}
			}
		}
	}
}

// Resend moves the dead letters with these numbers, or all where none is named,
// to the end of the outbox in one transaction, and says how many there were. It
// holds all of them in memory. It is not for a journal that drops the oldest while
// groups are committed.
func (j *Journal) Resend(seqs ...uint64) (int, error) {
	ctx, done, err := j.takePen()
	if err != nil {
		return 0, err
	}
	defer done()
	j.mu.Lock()
	letters := j.dead.pick(seqs)
	j.mu.Unlock()
	e := &entry{}
	for _, l := range letters {
		d, err := j.letter(l)
		if err != nil {
			return 0, err
		}
		e.append(d, j.chunkBytes())
	}
	if len(e.raised) == 0 {
		return 0, nil
	}
	j.mu.Lock()
	j.place(e)
	j.mu.Unlock()
	if err := j.store.write(ctx, e); err != nil {
		return 0, err
	}
	return len(e.raised), nil
}

// takePen waits for the pen where there is no context of the caller's.
func (j *Journal) takePen() (ctx context.Context, done func(), err error) {
	if j.readOnly {
		return nil, nil, ErrReadOnly
	}
	ctx, cancel := context.WithTimeout(context.Background(), resendWait)
	select {
	case j.pen <- struct{}{}:
	case <-ctx.Done():
		cancel()
		return nil, nil, errors.New("the journal is busy with a disk that fails")
	}
	done = func() {
		<-j.pen
		cancel()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		err = ErrClosed
	case j.uncertain:
		err = ErrUncertain
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return ctx, done, nil
}

// append adds a dead letter, to the chunk before it if it follows that one.
func (e *entry) append(d DeadLetter, limit int64) {
	e.raised = append(e.raised, d.Seq)
	if i := len(e.chunks) - 1; i >= 0 {
		c := &e.chunks[i]
		if c.seq+uint64(c.count) == d.Seq && c.bytes+int64(len(d.Record)) <= limit {
			c.count++
			c.bytes += int64(len(d.Record))
			e.records[i] = append(e.records[i], d.Record)
			e.number++
			e.size += int64(len(d.Record))
			return
		}
	}
	e.add([][]byte{d.Record}, d.Seq, limit)
}

// Discard removes the dead letters with these numbers, or all where none is
// named, and says how many there were. They count as dropped.
func (j *Journal) Discard(seqs ...uint64) (int, error) {
	_, done, err := j.takePen()
	if err != nil {
		return 0, err
	}
	defer done()
	j.mu.Lock()
	defer j.mu.Unlock()
	letters := j.dead.pick(seqs)
	for _, l := range letters {
		j.dead.remove(l.seq)
		j.todo.raised = append(j.todo.raised, l.seq)
	}
	n := count(len(letters))
	j.totals.OTLP.Dead -= n
	j.totals.OTLP.Dropped += n
	if n > 0 {
		j.touch()
	}
	return len(letters), nil
}
