package journal

import "time"

// Store keeps the bytes of a journal beyond the end of the process. It deals in buckets, keys and values and gives
// them no meaning. Package boltstore keeps them in a file.
//
// Load is called first and once, Close last. Apply and Compact are called from one goroutine, Read and Stat from any.
type Store interface {
	// Load verifies all that is stored and passes every entry to visit, whose arguments are valid for the call. It
	// fails with an error of visit, [ErrDamaged], [ErrForeign] (also if visit returns it for all entries), [ErrNewer]
	// if the format is above newest, or an error of the file system. The snapshot is then filled as far as possible.
	Load(newest uint32, visit func(Entry) error) (Snapshot, error)

	// Apply makes one transaction of a change, and sets the sums of the large entries that it adds. It may take as
	// long as the disk does. After Unknown, it must be called with the same change until the result is another.
	Apply(c *Change) (Result, error)

	// Read returns a copy of an entry. Its value is nil if there is none.
	Read(bucket, key string) (Entry, error)

	// Compact frees unused room if that is worth the effort. It is called while nothing waits. It returns an error
	// only if the store can't be used until Apply succeeds again.
	Compact() error

	// Stat returns the size of the store, and an error if the next Load would not find the present content.
	Stat() (bytes int64, err error)

	Close() error
}

// Entry is a key of a bucket, and its value.
type Entry struct {
	Bucket string
	Key    string
	Value  []byte // in a change, nil removes the entry
	Sum    uint64 // a hash of the other three; to be handed back when a large entry is removed
}

// Change is the content of a transaction.
type Change struct {
	Head []byte // describes the whole journal, in place of the head before; it is not modified later
	// Format is the oldest version of the format whose programs can read the journal from now on. It never sinks.
	Format uint32
	// Large entries are written once and removed as a whole. A bucket has large or small ones.
	Large []Entry
	// Small entries share pages with those whose keys are neighbours.
	Small []Entry
}

// Result is the fate of a change.
type Result int

// The results of a change.
const (
	Stored    Result = iota // all of it is on the disk
	NotStored               // nothing of it is, and it won't be
	Unknown                 // all of it is in the store, or nothing
)

// Snapshot describes a store at its start.
type Snapshot struct {
	Name        string    // of the store, for errors
	Head        []byte    // of the last change; empty if there was none
	Modified    time.Time // the last change
	ReadOnly    bool
	HeadDamaged bool // a part is damaged that may have been the last change
}
