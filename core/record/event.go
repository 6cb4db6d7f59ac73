package record

import "time"

// EventInfo is the part of a record about a Kubernetes Event that other records don't
// have.
type EventInfo struct {
	Count     int64  // how often it has happened so far
	Source    string // the component that reports it, such as kubelet; may be empty
	Type      string // Normal or Warning
	Container string // name of the container that it is about; may be empty
}

// GapInfo is a time of which Events may be missing, as the API server no longer has the
// history of their watch.
type GapInfo struct{ From, To time.Time }
