package journal

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Memory is a journal in bounded memory. Its methods may be called concurrently,
// but there is one consumer: whoever calls Next is the one who calls Ack.
type Memory struct {
	capacity int64

	// turn is held by the Commit that adds the next group. It keeps the order
	// of commits and lets no small group overtake one that waits for room.
	turn chan struct{}

	mu           sync.Mutex
	head, tail   *group
	first        uint64 // position of the record at the front
	records      int
	bytes        int64
	blockedSince time.Time
	closed       bool
	changed      chan struct{} // closed at the next change; nil while nobody waits for one
}

// group is a committed group, or what is left of it. Groups are linked instead
// of being copied to one long slice, so that acknowledged ones are garbage at
// once, however long the journal has been.
type group struct {
	records [][]byte
	at      time.Time
	next    *group
}

// NewMemory returns an empty journal for up to maxBytes of records. Only their
// own bytes count, not the few that keeping them costs.
func NewMemory(maxBytes int64) *Memory {
	return &Memory{capacity: maxBytes, turn: make(chan struct{}, 1)}
}

// Commit adds a group, of which the journal then owns the memory. It blocks
// while there is no room; a group larger than the whole journal has room once
// the journal is empty. With an error, [ErrClosed] or that of ctx, nothing of the
// group is in the journal.
func (m *Memory) Commit(ctx context.Context, g Group) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer m.unblocked()

	size := g.size()
	return m.await(ctx, func() (bool, error) {
		if m.closed {
			return false, ErrClosed
		}
		if m.records > 0 && m.bytes+size > m.capacity {
			m.blocked()
			return false, nil
		}
		m.append(g.Records, size)
		return true, nil
	})
}

// Next returns the oldest records: at most maxRecords of together at most
// maxBytes, but at least one, however large. It blocks until there is one, and
// fails with the error of ctx, or [ErrClosed] when there never will be. The
// records stay in the journal, and are the same with the next call, until Ack.
func (m *Memory) Next(ctx context.Context, maxBytes, maxRecords int) (Batch, error) {
	var b Batch
	err := m.await(ctx, func() (bool, error) {
		if m.records == 0 && m.closed {
			return false, ErrClosed
		}
		b = Batch{Records: m.front(maxBytes, maxRecords), first: m.first}
		return len(b.Records) > 0, nil
	})
	return b, err
}

// Ack removes the records of b, which must be at the front: batches, and the
// parts of one, are acknowledged in order and once. It does not block.
func (m *Memory) Ack(b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b.first != m.first || len(b.Records) > m.records {
		return fmt.Errorf("acknowledge %d records from position %d: the journal has %d from position %d",
			len(b.Records), b.first, m.records, m.first)
	}
	m.remove(len(b.Records))
	m.broadcast()
	return nil
}

// Drained blocks until the journal is empty or ctx ends, whose error it returns.
func (m *Memory) Drained(ctx context.Context) error {
	return m.await(ctx, func() (bool, error) { return m.records == 0, nil })
}

// Stats returns how full the journal is now.
func (m *Memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{Records: m.records, Bytes: m.bytes, Capacity: m.capacity, BlockedSince: m.blockedSince}
	if m.head != nil {
		s.Oldest = m.head.at
	}
	return s
}

// Close makes this and every later Commit fail with [ErrClosed]. What is in the
// journal can still be taken and acknowledged. Closing twice is harmless.
func (m *Memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.broadcast()
}

// await calls try with the lock held, now and after every change, until it is
// done or fails, or ctx ends.
func (m *Memory) await(ctx context.Context, try func() (done bool, err error)) error {
	for {
		changed, err := m.attempt(try)
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
func (m *Memory) attempt(try func() (bool, error)) (changed <-chan struct{}, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if done, err := try(); done || err != nil {
		return nil, err
	}
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed, nil
}

func (m *Memory) unblocked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blockedSince = time.Time{}
}

// The methods below are called with the lock held.

func (m *Memory) broadcast() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

func (m *Memory) append(records [][]byte, size int64) {
	if len(records) == 0 {
		return
	}
	g := &group{records: records, at: time.Now()}
	if m.tail == nil {
		m.head = g
	} else {
		m.tail.next = g
	}
	m.tail = g
	m.records += len(records)
	m.bytes += size
	m.broadcast()
}

// front lists the records that fit a batch. It copies their headers only.
func (m *Memory) front(maxBytes, maxRecords int) [][]byte {
	batch := make([][]byte, 0, min(m.records, max(maxRecords, 1)))
	size := 0
	for g := m.head; g != nil; g = g.next {
		for _, r := range g.records {
			size += len(r)
			if len(batch) > 0 && (len(batch) >= maxRecords || size > maxBytes) {
				return batch
			}
			batch = append(batch, r)
		}
	}
	return batch
}

func (m *Memory) remove(n int) {
	m.first += uint64(n) //nolint:gosec // the length of a slice
	m.records -= n
	for n > 0 {
		g := m.head
		cut := min(n, len(g.records))
		for i := range cut {
			m.bytes -= int64(len(g.records[i]))
			g.records[i] = nil
		}
		g.records = g.records[cut:]
		n -= cut
		if len(g.records) == 0 {
			m.head = g.next
		}
	}
	if m.head == nil {
		m.tail = nil
	}
}

func (m *Memory) blocked() {
	if m.blockedSince.IsZero() {
		m.blockedSince = time.Now()
	}
}
