// Package journal holds the outbox between emitting records and delivering
// them: groups of encoded records go in at one end, batches for the receiver
// come out at the other, and nothing leaves before the receiver has acknowledged
// it. With every group it keeps what changed of the state from which the program
// goes on after a restart, in the same transaction.
//
// A journal is bounded. While it is full, [Journal.Commit] blocks, and with it
// the pipeline and in the end the watch, whose history the API server keeps; or
// it drops the oldest records, counts them and says so. It knows nothing of what
// the bytes mean.
//
// [NewMemory] makes one that forgets everything when the process ends, [Open]
// one that is kept in a file. You don't need this package where a record may be
// lost, or where its receiver is always there.
package journal

import (
	"errors"
	"time"
)

var (
	// ErrClosed is returned by Commit after Seal, by Next once a sealed journal
	// is empty, and by everything after Close.
	ErrClosed = errors.New("journal closed")
	// ErrUncertain is returned by Commit where its context ended while the disk
	// gave no answer: the group may be in the file or not. It is there whole or
	// not at all, and the next start goes on from what it finds. Until the disk
	// has answered, later Commits fail with it, too.
	ErrUncertain = errors.New("it is not known whether the group is in the journal")
	// ErrReadOnly is returned by what would change a journal that was opened
	// with OpenReadOnly.
	ErrReadOnly = errors.New("journal is open for reading only")

	// ErrDamaged is that of a file that isn't as it was written.
	ErrDamaged = errors.New("journal is damaged")
	// ErrForeign is that of a file that this program didn't write.
	ErrForeign = errors.New("not a journal of pod-status-logger")
	// ErrNewer is that of a file that a later version of this program wrote.
	ErrNewer = errors.New("journal is of a newer version")
	// ErrLocked is that of a journal that another process has open.
	ErrLocked = errors.New("journal is in use")
)

// Group is what is committed together: all of it is in the journal, or nothing.
type Group struct {
	Records [][]byte          // each encoded for the receiver, in order; none where nothing is sent
	Lines   []byte            // for stdout, as they are to be written; nil where stdout is off. Not kept after Commit
	Emitted int               // number of records of the group; they are numbered Seq-Emitted+1 .. Seq
	Seq     uint64            // number of the last record of the group, or of the last ever where there is none in it
	State   map[string][]byte // what changed of the state; nil removes a key. Keys are not empty. Not kept after Commit

	Received, Changed, Suppressed uint64 // what the group adds to the totals

	Announced uint64 // number of dropped records that a record of this group tells of
}

// Options are those of both kinds of journal.
type Options struct {
	Capacity   int64       // bytes of records, waiting and dead, at which it is full
	DropOldest bool        // when full, drop the oldest records instead of blocking Commit
	OnError    func(error) // may be nil; is called for every attempt at the disk that failed

	// For tests:
	noSync       bool          // no power is cut
	flushDelay   time.Duration // at least so long, instead of the default
	compactAbove int64         // size of the file in bytes from which it is worth being made smaller; 0 is the default
	fault        func() error  // called before every transaction, which fails with its error
}

// Batch is a run of records at the front of a journal, lent to the consumer
// until they are acknowledged.
type Batch struct {
	Records [][]byte // the journal's memory: not to be changed

	first uint64 // how many records had left the front before Records[0]
}

// Cut parts a batch after its first n records, so that the head can be
// acknowledged before the tail is.
func (b Batch) Cut(n int) (head, tail Batch) {
	head = Batch{Records: b.Records[:n:n], first: b.first}
	tail = Batch{Records: b.Records[n:], first: b.first + uint64(n)} //nolint:gosec // not negative, or the slicing panicked
	return head, tail
}

// Record is one that waits in a journal.
type Record struct {
	Seq  uint64
	At   time.Time // when it was committed, or sent on its way again
	Data []byte
}

// DeadLetter is a record that the receiver refused for good.
type DeadLetter struct {
	Seq    uint64
	At     time.Time // when it was refused
	Reason string
	Record []byte
}

// Drop tells of records that were dropped for want of room.
type Drop struct {
	Records           uint64
	FirstSeq, LastSeq uint64 // lowest and highest number among them
}

// Totals are counted since the journal was made, over restarts.
type Totals struct {
	Received, Changed, Suppressed, Emitted uint64

	Stdout, OTLP SinkTotals
}

// SinkTotals say what became of the records of one sink. At any time,
// Committed = Acknowledged + Dead + Dropped + those that wait.
type SinkTotals struct {
	Committed    uint64
	Sent         uint64 // handed over, again where that was repeated
	Acknowledged uint64
	Rejected     uint64 // of the acknowledged, those that the receiver took and threw away
	Dead         uint64 // now among the dead letters
	Dropped      uint64
}

// Stats says how full a journal is and how it fares, for metrics and readiness.
type Stats struct {
	Records      int
	Bytes        int64
	Capacity     int64     // in bytes; exceeded by a single group that is larger, see DESIGN.md
	Oldest       time.Time // when the record at the front was committed; zero when empty
	BlockedSince time.Time // since when a Commit waits for room; zero when none does

	DeadRecords int
	DeadBytes   int64 // they count into the capacity: at DeadBytes >= Capacity nothing but them fills it

	Failing      string    // what the disk said last; empty when it works
	FailingSince time.Time // zero when it works
	FileBytes    int64     // size of the file; 0 in memory
	HeadDamaged  bool      // one of the file's two heads was damaged at Open: its last transaction may be missing
	Committed    time.Time // when a group was committed last, by an earlier run, too; zero when never
	Seq          uint64    // number of the last record that was committed
	Totals       Totals
}

// Waiting returns how many records the sink does not have yet.
func (t SinkTotals) Waiting() uint64 { return t.Committed - t.Acknowledged - t.Dead - t.Dropped }
