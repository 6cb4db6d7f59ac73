package apiscript

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Change is one write, as a watcher without a selector sees it.
type Change struct {
	Type            watch.EventType // Added, Modified or Deleted
	Namespace, Name string
	UID             types.UID
	ResourceVersion string
}

type key struct{ namespace, name string }

// entry is one step of the history: a change, or a bookmark (pod == nil). The
// pods are never changed again.
type entry struct {
	rv        uint64
	kind      watch.EventType
	pod, prev *corev1.Pod // prev: before the change, nil for Added
	end       bool        // a bookmark that ends a streaming list

	mu     sync.Mutex
	frames [4][mediaCount][]byte
}

// frame returns the bytes of the entry as an event of type t, encoded once.
// Within a selection a change may be of another type than without.
func (e *entry) frame(c *codec, m media, t watch.EventType) []byte {
	slot := &e.frames[slotOf(t)][m]
	e.mu.Lock()
	defer e.mu.Unlock()
	if *slot == nil {
		*slot = e.encode(c, m, t)
	}
	return *slot
}

func (e *entry) encode(c *codec, m media, t watch.EventType) []byte {
	switch {
	case t == watch.Bookmark:
		return c.bookmark(m, e.rv, e.end)
	case t == watch.Deleted && e.kind == watch.Modified:
		// Left the selection: as it was within, with the change's resourceVersion.
		left := *e.prev
		left.ResourceVersion = formatRV(e.rv)
		return c.frame(m, t, &left)
	default:
		return c.frame(m, t, e.pod)
	}
}

func slotOf(t watch.EventType) int {
	switch t {
	case watch.Added:
		return 0
	case watch.Modified:
		return 1
	case watch.Deleted:
		return 2
	default:
		return 3
	}
}

// selection is what a request asks for.
type selection struct {
	namespace string // "" = all
	labels    labels.Selector
}

func (s selection) has(p *corev1.Pod) bool {
	return (s.namespace == "" || p.Namespace == s.namespace) && s.labels.Matches(labels.Set(p.Labels))
}

// view returns the type under which a watcher of the selection sees the entry,
// "" for not at all.
func (s selection) view(e *entry) watch.EventType {
	if e.pod == nil {
		return e.kind
	}
	is, was := s.has(e.pod), e.prev != nil && s.has(e.prev)
	switch {
	case e.kind == watch.Deleted:
		if was {
			return watch.Deleted
		}
	case is && was:
		return watch.Modified
	case is:
		return watch.Added
	case was:
		return watch.Deleted
	}
	return ""
}

// store is the state and its history. Guarded by the server's mutex.
type store struct {
	rv       uint64           // of the last write
	current  map[key]*entry   // the last change of each pod that exists
	log      []*entry         // in order of rv
	first    uint64           // position of log[0]; positions never repeat
	floor    uint64           // a watch can begin behind this rv, or later
	keep     int              // bounds log
	changes  []Change         // at most twice of
	remember int              // these
	lists    map[int]snapshot // what continue tokens refer to, by number
	listed   int              // number of the last of them
}

func newStore(o options) store {
	return store{rv: o.firstVersion, floor: o.firstVersion, keep: o.history, remember: o.changes, current: map[key]*entry{}, lists: map[int]snapshot{}}
}

// end is the position behind the last entry.
func (s *store) end() uint64 { return s.first + uint64(len(s.log)) }

// change writes: pod must have its new resourceVersion, which is s.rv.
func (s *store) change(kind watch.EventType, pod, prev *corev1.Pod) {
	e := &entry{rv: s.rv, kind: kind, pod: pod, prev: prev}
	k := key{pod.Namespace, pod.Name}
	if kind == watch.Deleted {
		delete(s.current, k)
	} else {
		s.current[k] = e
	}
	if len(s.changes) >= 2*s.remember {
		s.changes = slices.Delete(s.changes, 0, s.remember)
	}
	s.changes = append(s.changes, Change{kind, pod.Namespace, pod.Name, pod.UID, pod.ResourceVersion})
	s.append(e)
}

// append drops half of a log that is twice too long, so that dropping costs
// little per entry.
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

// snapshot returns the selected pods, ordered like the real server's keys.
func (s *store) snapshot(sel selection) []*entry {
	var all []*entry
	for _, e := range s.current {
		if sel.has(e.pod) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry) int {
		if c := strings.Compare(a.pod.Namespace, b.pod.Namespace); c != 0 {
			return c
		}
		return strings.Compare(a.pod.Name, b.pod.Name)
	})
	return all
}

func formatRV(rv uint64) string { return strconv.FormatUint(rv, 10) }
