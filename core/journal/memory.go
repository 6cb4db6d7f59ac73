package journal

import (
	"context"
	"slices"
)

// memory is the store of a journal without a file. It keeps the records where
// the caller made them, each for itself, so that acknowledged ones are garbage
// at once.
type memory struct {
	j      *Journal
	chunks map[uint64][][]byte
}

// NewMemory returns an empty journal that is lost when the process ends. Only
// the records' own bytes count, not the few that keeping them costs.
func NewMemory(o Options) *Journal {
	j := newJournal(o)
	j.store = &memory{j: j, chunks: map[uint64][][]byte{}}
	return j
}

func (m *memory) write(_ context.Context, e *entry) error {
	m.j.mu.Lock()
	defer m.j.mu.Unlock()
	m.j.publish(e)
	return nil
}

func (m *memory) touched() {
	m.j.todo, m.j.saved = todo{}, m.j.version
}

func (m *memory) keep(c chunk, records [][]byte) { m.chunks[c.pos] = records }

func (m *memory) forget(c *chunk, n int) {
	if n == int(c.count) {
		delete(m.chunks, c.pos)
		return
	}
	clear(m.chunks[c.pos][:n])
}

func (m *memory) load(c chunk) ([][]byte, error) {
	m.j.mu.Lock()
	defer m.j.mu.Unlock()
	records, ok := m.chunks[c.pos]
	if !ok {
		return nil, errGone
	}
	return slices.Clone(records), nil
}

func (m *memory) letter(letter) (DeadLetter, error) { return DeadLetter{}, errGone }
func (m *memory) fileBytes() int64                  { return 0 }
func (m *memory) moved() error                      { return nil }
func (m *memory) close() error                      { return nil }
