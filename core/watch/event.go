package watch

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/podwire"
)

// Kind says what an [Event] tells.
type Kind uint8

// A stream is a sequence of live events and bookmarks. A full list, at the
// first start and wherever events were missed, is
//
//	Listing (Present | Modified | Deleted)* Listed
//
// A list that was cut begins anew with another Listing; what was Present since
// the one before counts no more.
const (
	// Added is a pod that was created, or entered the label selector.
	Added Kind = iota + 1
	// Modified is a pod that changed.
	Modified
	// Deleted is a pod that was deleted or left the label selector, as it was
	// last; its resourceVersion is that of the deletion.
	Deleted
	// Listing begins a full list. ResourceVersion is the checkpoint up to which
	// everything is known, "" at the first start.
	Listing
	// Present is a pod of that list, in no particular order. It may have been
	// created while the list was read.
	Present
	// Listed completes the list: pods of the stream that were not Present since
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

// Live reports whether the event happened just now, as opposed to what a full
// list tells and to the marks of progress.
func (k Kind) Live() bool { return k == Added || k == Modified || k == Deleted }

// Event is one step of a stream. Whoever receives it owns Pod, and may give it
// back.
type Event struct {
	Kind   Kind
	Stream string // the stream's namespace, "" for all

	// Pod is nil for Listing, Listed and Bookmark. It has what package podwire
	// reads of a pod; more only where a server speaks JSON, and in a recording.
	Pod *corev1.Pod

	// ResourceVersion is, outside of a list, the checkpoint: a stream that is
	// started from it continues right behind this event. Within a list (from
	// Listing to before Listed) it is no checkpoint, the list's order is not
	// that of resourceVersions.
	ResourceVersion string

	Received time.Time // when it came off the wire

	memory *podwire.Pod // that Pod is of
	pool   *sync.Pool   // where it goes; nil: nowhere
}

// Release gives Pod back, so that its memory serves for another: nothing of it may
// be used afterwards but its strings. To forget to call it costs memory only.
func (e *Event) Release() {
	if e.pool != nil && e.memory != nil {
		e.pool.Put(e.memory)
	}
	e.Pod, e.memory = nil, nil
}
