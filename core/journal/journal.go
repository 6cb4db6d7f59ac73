// Package journal holds the outboxes between emitting records and delivering them, one for each [Signal]: groups of
// encoded records go in at one end, batches for a receiver come out at the other, and a record leaves only after the
// receiver has acknowledged it. With every group it keeps what changed of the state from which the program resumes
// after a restart, in the same transaction.
// A journal is bounded. While it is full, [Journal.Commit] blocks, and with it the pipeline and in the end the watch,
// whose history the API server keeps. Or it drops the oldest records, counts and reports them. The bytes of a record
// have no meaning to it.
// [NewMemory] makes a journal that forgets everything when the process ends, [Open] one that a [Store] keeps. You
// don't need this package if records may be lost, or if their receiver is always there.
package journal

import (
	"errors"
	"sync"
	"time"
)

var (
	// ErrClosed is returned by Commit after Seal, by Next once a sealed journal is empty, and by everything after
	// Close.
	ErrClosed = errors.New("journal closed")
	// ErrUncertain is returned by Commit if its context ended while the disk gave no answer: the group may be in the
	// file or not. It is there whole or not at all, and the next start resumes from the content of the file. Until the
	// disk has answered, later Commits fail with it, too.
	ErrUncertain = errors.New("unknown whether the group is in the journal")
	// ErrReadOnly is returned for changes of a journal that was opened for reading.
	ErrReadOnly = errors.New("journal is open for reading only")

	// ErrDamaged is returned for a store whose content is not as it was written.
	ErrDamaged = errors.New("journal is damaged")
	// ErrForeign is returned for a store that this program didn't write.
	ErrForeign = errors.New("not a journal of pod-status-logger")
	// ErrNewer is returned for a store that a later version of this program wrote.
	ErrNewer = errors.New("journal is of a newer version")
)

// Group is the unit of a commit: all of it is in the journal, or nothing.
type Group struct {
	// Records are those of each signal, encoded for its receiver, in order. Logs are as many as Emitted, or none if
	// they are not sent. The journal owns the records after Commit.
	Records map[Signal][][]byte
	// Lines are for stdout, as they are to be written; nil if stdout is off. They are not kept after Commit.
	Lines   []byte
	Emitted int    // number of records of the group; they are numbered Seq-Emitted+1 to Seq
	Seq     uint64 // number of the last record of the group, or of the last ever if the group has none
	// State are the changes of the state; nil removes a key. Keys are not empty. It is not kept after Commit.
	State map[string][]byte

	Received, Changed, Suppressed uint64 // added to the totals

	Announced uint64 // number of dropped Logs that a record of this group reports
}

// Options configure a journal of either kind.
type Options struct {
	Capacity   int64       // bytes of records, waiting and dead, at which the journal is full
	DropOldest bool        // when full, drop the oldest records instead of blocking Commit
	OnError    func(error) // may be nil; is called after each failed attempt at the disk

	flushDelay time.Duration // at least this, instead of the default; for tests
}

// Journal is a bounded set of outboxes, in memory or in a store. Its methods may be called concurrently.
type Journal struct {
	options  Options
	store    Store   // nil: in memory
	writer   *writer // nil: in memory, or read-only
	name     string  // of the store
	readOnly bool

	// committing is held by the Commit that adds the next group. It keeps the order of commits, and no small group
	// overtakes one that waits for room.
	committing chan struct{}
	// writing is held by whoever writes to the store: a Commit that has room, or a call that moves dead letters.
	writing chan struct{}

	mu           sync.Mutex
	head         head
	outboxes     []*Outbox // Logs first
	cache        cache
	newDrops     Drop // since the last call of Dropped, which may be in a record that is being emitted
	headDamaged  bool
	unwritten    []storedPart // lines that are in the store and may not be on stdout
	earlierLines []byte       // those of an earlier run
	state        *arena       // of an earlier run

	blockedSince time.Time
	failing      error
	failingSince time.Time
	sealed       bool
	closed       bool
	uncertain    bool

	pending changes // since the last transaction began
	version uint64  // rises with every change that is to be stored; pending has those since saved
	saved   uint64
	changed chan struct{} // closed at the next change; nil while nobody waits for one
}

func newJournal(o Options) *Journal {
	j := &Journal{
		options: o, committing: make(chan struct{}, 1), writing: make(chan struct{}, 1), head: head{end: 1},
	}
	j.outbox(Logs)
	return j
}
