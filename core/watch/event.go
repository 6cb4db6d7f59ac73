package watch

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Kind is the kind of an [Event].
type Kind uint8

// A stream is a sequence of live events and bookmarks. A full list, at the first
// start and when events were missed, is
//
//	Listing (Present | Modified | Deleted)* Listed
//
// If a list is cut, another Listing begins it again, and the Present events since the previous Listing are void.
const (
	// Added is an object that was created, or entered the selectors.
	Added Kind = iota + 1
	// Modified is an object that changed.
	Modified
	// Deleted is an object that was deleted or left the selectors, in its last state;
	// its resourceVersion is that of the deletion.
	Deleted
	// Listing begins a full list. ResourceVersion is the checkpoint before it, "" at
	// the first start.
	Listing
	// Present is an object of that list, in no particular order. It may have been
	// created while the list was read.
	Present
	// Listed completes the list: objects of the stream that were not Present since
	// the last Listing are gone. ResourceVersion is the new checkpoint.
	Listed
	// Bookmark is progress without an event: ResourceVersion is the checkpoint.
	Bookmark
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	switch k {
	case Added:
		return "added"
	case Modified:
		return "modified"
	case Deleted:
		return "deleted"
	case Listing:
		return "listing"
	case Present:
		return "present"
	case Listed:
		return "listed"
	case Bookmark:
		return "bookmark"
	default:
		return "unknown"
	}
}

// Live reports whether the event is a change that happened just now: not an item of a
// full list, and not a mark of progress.
func (k Kind) Live() bool { return k == Added || k == Modified || k == Deleted }

// Event is one step of a stream. The receiver owns Object, and can give it back with
// [Event.Release].
type Event struct {
	Kind     Kind
	Resource string // of the stream, as [Resource.String] returns it
	Stream   string // the stream's namespace, "" for all

	// Object is nil for Listing, Listed and Bookmark. It has the fields that the
	// resource's decoder reads, or all of them if the server speaks JSON or the
	// event comes from a recording.
	Object Object

	// ResourceVersion is the checkpoint: a stream that is started from it continues
	// right after this event. Within a list, from Listing to before Listed, it is no
	// checkpoint, as a list is not in the order of resourceVersions.
	ResourceVersion string

	Received time.Time

	pool *sync.Pool // where Release puts Object; nil: nowhere
	room func()     // gives back the room of a large object; nil: it is none
}

// Pod returns the event's pod, or nil if it has none.
func (e Event) Pod() *corev1.Pod { return PodOf(e.Object) }

// Release gives Object back, whose memory then serves for another one: only its
// strings may be used afterwards. An event that is not released costs memory and, if
// its object is large, room for others: the stream stops when there is none.
func (e *Event) Release() {
	if e.room != nil {
		e.room()
		e.room = nil
	}
	if e.pool != nil && e.Object != nil {
		e.pool.Put(e.Object)
	}
	e.Object = nil
}
