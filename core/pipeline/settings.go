package pipeline

import (
	"context"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

// Enricher adds attributes of plugins to records; package enrich implements it.
type Enricher interface {
	// Enrich returns the records to emit, in order: all except those that a plugin
	// suppressed. It blocks for a bounded time, whatever plugins do.
	Enrich(ctx context.Context, records []record.Record) []record.Record
}

// Emitter encodes records; package emit implements it.
type Emitter interface {
	// Emit makes a line and an encoded record of r, as far as they are wanted. It
	// keeps nothing of r.
	Emit(ctx context.Context, r *record.Record) error
	// Staged returns the number of bytes made since the last call of Take.
	Staged() int
	// Take returns the bytes made since the last call. They belong to the caller.
	Take() emit.Staged
	// Write writes the lines of s, and takes over their memory. It may block until
	// ctx ends.
	Write(ctx context.Context, s emit.Staged) error
}

// Journal stores groups; package journal implements it.
type Journal interface {
	// Commit adds a group. It blocks while there is no room, until ctx ends.
	Commit(ctx context.Context, g journal.Group) error
	// Written marks the lines of all groups as written.
	Written()
	// Dropped returns the dropped records that no record has announced yet.
	Dropped() journal.Drop
	Stats() journal.Stats
}

// Meter counts. Its methods must not block.
type Meter interface {
	// Event counts an event of the watch of a resource.
	Event(resource string, kind watch.Kind)
	// Record counts a record.
	Record(action record.Action, state record.State)
	// Group counts a group whose records are all committed and written. delay is
	// the time since the oldest of its events was received.
	Group(delay time.Duration)
}

// Settings configure a [Pipeline].
type Settings struct {
	Rules status.Rules
	// SkipInitial emits no records for pods that exist before the first start.
	SkipInitial bool
	// Selector is the label selector of the streams.
	Selector string
	// Events are for the Events of Kubernetes; nil: none are watched.
	Events *EventSettings
	// Workloads are the rules for workloads; nil: none are watched.
	Workloads *workloads.Rules
	Enricher  Enricher // nil: nothing is added
	Emitter   Emitter
	Journal   Journal
	// Stored is whether the journal outlives the process, so that states and
	// checkpoints belong into it.
	Stored bool
	// Unwritten are lines of an earlier run, to be written before all others.
	Unwritten []byte
	// OnListed is called after each complete list. May be nil.
	OnListed func()
	// OnDropped is called when a record announces dropped ones. May be nil.
	OnDropped func(journal.Drop)
	Meter     Meter
	Spans     *Spans // nil: none are made
}
