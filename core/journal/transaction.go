package journal

import (
	"bytes"
	"slices"
	"strings"
)

// transaction is a change and its origin.
type transaction struct {
	Change
	changes  changes
	addition *addition // may be nil
	version  uint64    // of the journal, which is stored afterwards
}

// gather makes a transaction of everything that is to be stored.
func (w *writer) gather() *transaction {
	j := w.j
	j.mu.Lock()
	t := &transaction{changes: j.pending, version: j.version}
	j.pending, w.inFlight = changes{}, j.pending
	h := j.head
	h.signals = slices.Clone(h.signals)
	firstLines := h.stdoutEnd
	if w.request != nil {
		t.addition = w.request.addition
		t.addition.advance(&h)
	}
	h.drop = h.drop.with(j.newDrops)
	t.Head, t.Format = h.encode(j.outboxes)
	j.mu.Unlock()
	w.small = append(w.small[:0], t.changes.small...)
	t.Large = t.changes.large
	if t.addition != nil {
		w.encode(t, firstLines)
	}
	t.Small = w.small
	return t
}

// encode adds the entries of the addition.
func (w *writer) encode(t *transaction, firstLines uint64) {
	a := t.addition
	size := 0
	for i := range a.chunks {
		size += a.chunks[i].encodedBytes()
	}
	w.buffer = slices.Grow(w.buffer[:0], size) // it must not move while parts of it are in use
	t.Large = slices.Grow(slices.Clip(t.Large), len(a.chunks)+1)
	for i := range a.chunks {
		c, start := &a.chunks[i], len(w.buffer)
		w.buffer = appendChunk(w.buffer, c)
		t.Large = append(t.Large, Entry{Bucket: c.outbox.bucketOutbox, Key: number(c.pos), Value: w.buffer[start:]})
	}
	a.lines = a.lines[:0]
	for piece := range slices.Chunk(a.group.Lines, chunkBytes) {
		t.Large = append(t.Large, Entry{Bucket: bucketStdout, Key: number(firstLines), Value: piece})
		a.lines = append(a.lines, storedPart{pos: firstLines})
		firstLines++
	}
	for _, seq := range a.resent {
		w.small = append(w.small, Entry{Bucket: a.resentTo.bucketDead, Key: number(seq)})
	}
	states := len(w.small)
	for key, value := range a.group.State {
		w.small = append(w.small, Entry{Bucket: bucketState, Key: key, Value: value})
	}
	// Neighbours are on the same page.
	slices.SortFunc(w.small[states:], func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
}

// changesNothing reports whether the store has all of t already.
func (w *writer) changesNothing(t *transaction) bool {
	return t.addition == nil && t.changes.empty() && bytes.Equal(t.Head, w.head)
}

// complete notes that t is stored.
func (w *writer) complete(t *transaction) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	w.head, w.inFlight = t.Head, changes{}
	j.saved = t.version
	if t.addition != nil {
		t.takeSums()
		j.publish(t.addition)
		w.answer(nil)
	}
	w.release()
	j.broadcast()
}

// takeSums copies what the store has set.
func (t *transaction) takeSums() {
	a, added := t.addition, t.Large[len(t.changes.large):]
	for i := range a.chunks {
		a.chunks[i].sum = added[i].Sum
	}
	for i := range a.lines {
		a.lines[i].sum = added[len(a.chunks)+i].Sum
	}
}

// putBack notes that nothing of t is stored.
func (w *writer) putBack(t *transaction) {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	t.changes.append(w.j.pending)
	w.j.pending, w.inFlight = t.changes, changes{}
	w.release()
}

// release ends the transaction whose memory is used again.
func (w *writer) release() {
	w.tried = nil
	clear(w.small)
	if cap(w.buffer) > spareBytes {
		w.buffer = nil
	}
}
