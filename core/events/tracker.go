package events

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// maxAge is how long an Event stays tracked after it last changed. API servers keep
// Events for an hour, three at most by the defaults of distributions, and report their
// end; but they remove many at once under one resourceVersion, so that a watch that
// resumes there misses some: https://github.com/kubernetes/kubernetes/issues/110210.
const maxAge = 4 * time.Hour

// Tracker has the last reported power of each Event, at most a fixed number of them: at
// the limit, those that have not changed for the longest time make way. An Event that is
// no longer tracked is new when it changes. Its record then has the id of the last one.
//
// Only one goroutine may use a Tracker, except for Known and Count.
type Tracker struct {
	limit   int
	changed map[Key]struct{} // since the last Changes

	mu       sync.Mutex // guards entries, and evicted
	entries  map[Key]entry
	evicted  uint64
	overflow bool // the limit was reached: Known can't be sure any more
}

// entry takes 8 bytes and no pointer, as there may be a hundred thousand of them.
type entry struct {
	changed uint32 // when the Event last changed, in seconds
	stream  uint16 // its index
	list    uint8  // the stream's list that had it last, modulo 256
	power   uint8  // the last reported one
}

// NewTracker returns an empty tracker of at most limit Events.
func NewTracker(limit int) *Tracker {
	return &Tracker{limit: limit, entries: map[Key]entry{}, changed: map[Key]struct{}{}}
}

// Place is the stream that an Event comes from, and the number of its list.
type Place struct {
	Stream uint16
	List   uint64
}

// list returns the number of the list as an entry has it.
func (p Place) list() uint8 { return uint8(p.List) } //nolint:gosec // modulo 256

// News reports whether the Event is news: it was not tracked, or its count has reached the
// next power of two.
func (t *Tracker) News(e *corev1.Event) bool {
	was, tracked := t.entries[KeyOf(e)]
	return !tracked || powerOf(e) > was.power
}

// Track keeps the present power of an Event as reported.
func (t *Tracker) Track(e *corev1.Event, at Place, now time.Time) {
	k := KeyOf(e)
	was, tracked := t.entries[k]
	next := entry{seconds(now), at.Stream, at.list(), max(powerOf(e), was.power)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !tracked && len(t.entries) >= t.limit {
		t.makeRoom()
	}
	t.entries[k] = next
	if !tracked || next.power != was.power || next.changed-was.changed >= storeEvery {
		t.changed[k] = struct{}{}
	}
}

// storeEvery is after how many seconds the time of a change is stored although there is
// nothing else to store of an Event.
const storeEvery = 600

// Forget drops an Event that is gone.
func (t *Tracker) Forget(e *corev1.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(KeyOf(e))
}

func (t *Tracker) drop(k Key) {
	if _, ok := t.entries[k]; ok {
		delete(t.entries, k)
		t.changed[k] = struct{}{}
	}
}

// Sweep drops the Events of a stream that its complete list did not have.
func (t *Tracker) Sweep(at Place) {
	t.dropIf(func(e entry) bool { return e.stream == at.Stream && e.list != at.list() })
}

// DropStream drops the Events of a stream.
func (t *Tracker) DropStream(stream uint16) {
	t.dropIf(func(e entry) bool { return e.stream == stream })
}

// Expire drops the Events that have not changed for so long that they must be gone.
func (t *Tracker) Expire(now time.Time) {
	oldest := seconds(now.Add(-maxAge))
	t.dropIf(func(e entry) bool { return e.changed < oldest })
}

func (t *Tracker) dropIf(gone func(entry) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, e := range t.entries {
		if gone(e) {
			t.drop(k)
		}
	}
}

// makeRoom drops the sixteenth of the Events that has not changed for the longest time. So
// the search for them costs little per Event.
func (t *Tracker) makeRoom() {
	ages := make([]uint32, 0, len(t.entries))
	for _, e := range t.entries {
		ages = append(ages, e.changed)
	}
	slices.Sort(ages)
	room := max(1, t.limit/16)
	oldest, left := ages[min(room, len(ages))-1], room
	for k, e := range t.entries {
		if e.changed <= oldest && left > 0 {
			t.drop(k)
			left--
		}
	}
	t.overflow = true
	t.evicted += uint64(room)
}

// Known reports whether an Event may have been tracked when it last changed. Safe for
// concurrent use.
func (t *Tracker) Known(e *corev1.Event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.entries[KeyOf(e)]
	return ok || t.overflow || occurredAt(e).Before(time.Now().Add(-maxAge))
}

// Count returns the number of tracked Events, and of those that made way for others. Safe
// for concurrent use.
func (t *Tracker) Count() (tracked int, evicted uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.entries), t.evicted
}

// Changed returns the number of Events for [Tracker.Changes].
func (t *Tracker) Changed() int { return len(t.changed) }

// Changes calls store with each Event that changed since the last call; a nil value
// deletes it. stream names the streams.
func (t *Tracker) Changes(stream func(uint16) string, store func(Key, []byte)) {
	for k := range t.changed {
		e, ok := t.entries[k]
		if !ok {
			store(k, nil)
			continue
		}
		value := binary.BigEndian.AppendUint32(make([]byte, 0, 16), e.changed)
		store(k, append(append(value, e.power), stream(e.stream)...))
	}
	if len(t.changed) > keptChanges {
		t.changed = map[Key]struct{}{}
	}
	clear(t.changed)
}

// keptChanges is the size above which the memory for changes is released.
const keptChanges = 4096

// storedEntry is the length of an entry before the name of its stream.
const storedEntry = 5

// StreamOf returns the name of the stream in a stored entry.
func StreamOf(value []byte) (string, error) {
	if len(value) < storedEntry {
		return "", errors.New("parse Event: it is cut short")
	}
	return string(value[storedEntry:]), nil
}

// Restore tracks a stored Event of a stream. at is its place in the last list.
func (t *Tracker) Restore(k Key, value []byte, at Place) {
	if len(t.entries) < t.limit {
		t.entries[k] = entry{binary.BigEndian.Uint32(value), at.Stream, at.list(), value[storedEntry-1]}
	} else {
		t.overflow = true
		t.changed[k] = struct{}{}
	}
}
