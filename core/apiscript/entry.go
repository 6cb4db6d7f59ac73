package apiscript

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/fields"
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

func keyOf(o Object) key { return key{o.GetNamespace(), o.GetName()} }

func (k key) String() string { return fmt.Sprintf("%s/%s", k.namespace, k.name) }

// entry is one step of the history: a change, or a bookmark (object == nil). The
// objects are never changed again.
type entry struct {
	rv           uint64
	kind         watch.EventType
	object, prev Object // prev: before the change, nil for Added
	end          bool   // a bookmark that ends a streaming list

	mu     sync.Mutex
	frames [4][mediaCount][]byte
}

// frame returns the bytes of the entry as an event of type t, encoded once. Within a
// selection a change may be of another type than without.
func (e *entry) frame(c *Collection, m media, t watch.EventType) []byte {
	slot := &e.frames[slotOf(t)][m]
	e.mu.Lock()
	defer e.mu.Unlock()
	if *slot == nil {
		*slot = e.encode(c, m, t)
	}
	return *slot
}

func (e *entry) encode(c *Collection, m media, t watch.EventType) []byte {
	switch {
	case t == watch.Bookmark:
		return c.bookmark(m, e.rv, e.end)
	case t == watch.Deleted && e.kind == watch.Modified:
		// Left the selection: as it was within, with the change's resourceVersion.
		left := shallow(e.prev)
		left.SetResourceVersion(formatRV(e.rv))
		return c.server.codec.frame(m, t, left)
	default:
		return c.server.codec.frame(m, t, e.object)
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

// selection is the set of objects that a request is about.
type selection struct {
	resource  Resource
	namespace string // "" = all
	labels    labels.Selector
	fields    fields.Selector
}

func everything() selection {
	return selection{labels: labels.Everything(), fields: fields.Everything()}
}

func (s selection) has(o Object) bool {
	return (s.namespace == "" || o.GetNamespace() == s.namespace) &&
		(s.labels.Empty() || s.labels.Matches(labels.Set(o.GetLabels()))) &&
		(s.fields.Empty() || s.fields.Matches(s.resource.fieldsOf(o)))
}

// view returns the type under which a watcher of the selection sees the entry, "" if
// not at all.
func (s selection) view(e *entry) watch.EventType {
	if e.object == nil {
		return e.kind
	}
	is, was := s.has(e.object), e.prev != nil && s.has(e.prev)
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
