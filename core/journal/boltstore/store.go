// Package boltstore keeps a journal in a bbolt file, beside a lock file. It implements [journal.Store]: it stores
// buckets, keys and values in transactions, verifies at the start that all of them are there, and recovers from
// errors of the disk. Keys and values have no meaning to it.
package boltstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

const (
	fileName = "journal.db"
	lockName = "journal.lock"
	tempEnd  = ".tmp"

	lockWait = time.Second // for the process that holds the lock to end
)

// ErrLocked is returned for a journal that another process has open.
var ErrLocked = errors.New("journal is in use")

// Options configure a store that is opened for writing.
type Options struct {
	// NoSync leaves out fsync. It is for tests that cut no power.
	NoSync bool
	// CompactAbove is the size in bytes that the file must exceed to be made smaller. The default is 32 MiB.
	CompactAbove int64

	fault fault // for tests
}

// Store is a journal's file. See [journal.Store] for its methods.
type Store struct {
	options  Options
	dir      string
	path     string
	readOnly bool
	lock     *os.File // nil if there is no lock file
	size     atomic.Int64

	mu   sync.RWMutex // held for writing while db changes
	db   *bbolt.DB    // nil before Load, and after an error until the file is opened again
	file *os.File     // the one that db has open

	// Of the goroutine that calls Apply and Compact:
	last       meta   // of the last transaction that is known to be in the file
	format     uint32 // in the file
	unresolved bool   // whether the file has the last change is unknown
	renamed    bool   // since the directory was synced
	compacted  time.Time
}

var _ journal.Store = (*Store)(nil)

// Open locks the journal in the directory dir. If there is none, it makes a new one, together with the directory. It
// fails with [ErrLocked] or an error of the file system. The file is verified by Load.
func Open(dir string, o Options) (*Store, error) {
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	lock, err := lockDir(dir, true)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	s := &Store{options: o, dir: dir, path: filepath.Join(dir, fileName), lock: lock}
	if err := s.create(); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), s.unlock())
	}
	return s, nil
}

// OpenReadOnly opens the journal in dir for reading. It changes and creates nothing. Until it is closed, nobody can
// open the journal with [Open].
func OpenReadOnly(dir string) (*Store, error) {
	lock, err := lockDir(dir, false)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Store{dir: dir, path: filepath.Join(dir, fileName), lock: lock, readOnly: true}, nil
}

// Load implements [journal.Store]. No part of the file reaches bbolt before all of it was verified.
func (s *Store) Load(newest uint32, visit func(journal.Entry) error) (journal.Snapshot, error) {
	snap := journal.Snapshot{Name: s.path, ReadOnly: s.readOnly}
	found, err := s.verify(s.path, newest, visit)
	snap.Head, snap.Modified, snap.HeadDamaged = found.meta.head, found.modified, found.headDamaged
	if err != nil {
		return snap, err
	}
	s.last, s.format = found.meta, found.format
	_, err = s.reopen()
	return snap, err
}

// Read implements [journal.Store].
func (s *Store) Read(bucket, key string) (e journal.Entry, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return e, fmt.Errorf("%s is closed after an error", s.path)
	}
	e.Bucket, e.Key = bucket, key
	err = guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			e.Value = slices.Clone(find(tx, bucket, []byte(key)))
			return nil
		})
	})
	if e.Value != nil {
		e.Sum = sumOf(bucket, key, e.Value)
	}
	return e, err
}

// find returns a small value, or a large one, which has a bucket of its own; nil if there is none.
func find(tx *bbolt.Tx, bucket string, key []byte) []byte {
	b := tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	if value := b.Get(key); value != nil {
		return value
	}
	if own := b.Bucket(key); own != nil {
		return own.Get([]byte(keyValue))
	}
	return nil
}

// Stat implements [journal.Store]. The error reports that the file was moved.
func (s *Store) Stat() (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	size := s.size.Load()
	if s.file == nil { // it is about to be opened again, by its name
		return size, nil
	}
	opened, err := s.file.Stat()
	if err != nil {
		return size, err
	}
	if named, err := os.Stat(s.path); err != nil || !os.SameFile(opened, named) {
		return size, fmt.Errorf("%s was moved or removed while in use: records stored now are not in it", s.path)
	}
	return size, nil
}

// Close implements [journal.Store].
func (s *Store) Close() error {
	s.drop()
	return s.unlock()
}

func (s *Store) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}

// guard calls f and turns panics of bbolt, and faults of the mapped file, into an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read or write the file: %v", p)
		}
	}()
	return f()
}
