package apiscript

import (
	"cmp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/watch"
)

// clock is the resourceVersion of the last write.
type clock struct{ rv uint64 }

func (c *clock) next() uint64 {
	c.rv++
	return c.rv
}

// store holds the objects of a resource and their history. Guarded by the server's
// mutex.
type store struct {
	*clock
	current  map[key]*entry   // the last change of each object that exists
	log      []*entry         // in order of rv
	first    uint64           // position of log[0]; positions never repeat
	floor    uint64           // a watch can begin behind this rv, or later
	keep     int              // bounds log
	changes  []Change         // at most twice of
	remember int              // these
	lists    map[int]snapshot // that continue tokens refer to, by number
	listed   int              // number of the last of them
}

func newStore(o options, at *clock) store {
	return store{
		clock: at, floor: at.rv, keep: o.history, remember: o.changes,
		current: map[key]*entry{}, lists: map[int]snapshot{},
	}
}

// end is the position behind the last entry.
func (s *store) end() uint64 { return s.first + uint64(len(s.log)) }

// change writes an object that has its new resourceVersion, which is s.rv.
func (s *store) change(kind watch.EventType, object, prev Object) {
	e := &entry{rv: s.rv, kind: kind, object: object, prev: prev}
	if kind == watch.Deleted {
		delete(s.current, keyOf(object))
	} else {
		s.current[keyOf(object)] = e
	}
	if len(s.changes) >= 2*s.remember {
		s.changes = slices.Delete(s.changes, 0, s.remember)
	}
	s.changes = append(s.changes, Change{
		kind, object.GetNamespace(), object.GetName(), object.GetUID(), object.GetResourceVersion(),
	})
	s.append(e)
}

// append drops half of a log that is twice too long, so that dropping costs little
// per entry.
func (s *store) append(e *entry) {
	s.log = append(s.log, e)
	if excess := len(s.log) - s.keep; excess > s.keep {
		s.drop(excess)
	} else if excess > 0 {
		s.floor = max(s.floor, s.log[excess-1].rv)
	}
}

func (s *store) drop(n int) {
	s.floor = max(s.floor, s.log[n-1].rv)
	s.log = slices.Clone(s.log[n:])
	s.first += uint64(n)
}

// expire forgets the history. Positions of present streams stay valid.
func (s *store) expire() {
	s.floor = s.rv
	clear(s.lists)
}

// rewind forgets everything. Positions of present streams stay valid.
func (s *store) rewind(rv uint64) {
	s.first, s.log = s.end(), nil
	s.rv = rv
	clear(s.current)
	s.changes = nil
	s.expire()
}

// since returns up to limit entries from position on.
func (s *store) since(position uint64, limit int) []*entry {
	if position < s.first || position >= s.end() {
		return nil
	}
	rest := s.log[position-s.first:]
	return slices.Clone(rest[:min(limit, len(rest))])
}

// after returns the position of the first entry behind rv.
func (s *store) after(rv uint64) uint64 {
	i, _ := slices.BinarySearchFunc(s.log, rv, func(e *entry, rv uint64) int {
		if e.rv <= rv {
			return -1
		}
		return 1
	})
	return s.first + uint64(i)
}

// snapshot returns the selected objects, ordered like the real server's keys.
func (s *store) snapshot(sel selection) []*entry {
	var all []*entry
	for _, e := range s.current {
		if sel.has(e.object) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(
			cmp.Compare(a.object.GetNamespace(), b.object.GetNamespace()),
			cmp.Compare(a.object.GetName(), b.object.GetName()),
		)
	})
	return all
}

func formatRV(rv uint64) string { return strconv.FormatUint(rv, 10) }
