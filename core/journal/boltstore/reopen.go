package boltstore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// After a failed transaction, bbolt may be in any state, and the transaction may be in the file or not. So the file
// is closed and opened again, and its generation decides.

// reopen opens the file if it is closed. If it finds there the change whose fate was unknown, it returns stored.
func (s *Store) reopen() (stored bool, err error) {
	if s.db != nil {
		return false, nil
	}
	if s.renamed {
		if err := syncDir(s.dir); err != nil {
			return false, err
		}
		s.renamed = false
	}
	m, err := s.openAgain()
	if err == nil {
		stored, err = s.resolve(m)
	}
	if err != nil {
		s.drop()
		return false, err
	}
	s.unresolved = false
	s.measure()
	return stored, nil
}

// openAgain opens the file and reads what its last transaction wrote about it.
func (s *Store) openAgain() (m meta, err error) {
	err = guard(func() error {
		if err := s.checkLength(); err != nil {
			return err
		}
		db, file, err := openBolt(s.path, &bbolt.Options{NoSync: s.options.NoSync, ReadOnly: s.readOnly})
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.db, s.file = db, file
		s.mu.Unlock()
		return db.View(func(tx *bbolt.Tx) error {
			return m.decode(tx.Bucket([]byte(bucketMeta)).Get([]byte(keyMeta)))
		})
	})
	return m, err
}

// resolve compares the file with the last known transaction.
func (s *Store) resolve(m meta) (stored bool, err error) {
	switch {
	case m.Generation == s.last.Generation:
		return false, nil
	case m.Generation > s.last.Generation && s.unresolved:
		return true, s.confirm(m)
	default:
		return false, fmt.Errorf("%s: %w: it has transaction %d instead of %d",
			s.path, journal.ErrDamaged, m.Generation, s.last.Generation)
	}
}

// confirm makes sure that a transaction that was found in the file is on the disk, too, by another one: after a
// failed fsync, the page cache alone may have it.
func (s *Store) confirm(m meta) error {
	before := s.last
	s.last = m
	err := s.transact(&journal.Change{Head: m.head})
	if err != nil {
		s.last = before
	}
	return err
}

// checkLength verifies what bbolt takes for granted when it maps the file.
func (s *Store) checkLength() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return err
	}
	m, err := readMetaPage(f, info.Size())
	if err == nil && m.pages > uint64(info.Size())/uint64(m.pageSize) { //nolint:gosec // a size
		err = errors.New("file is cut off")
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", s.path, journal.ErrDamaged, err)
	}
	return nil
}

// openBolt opens an existing file. It also returns the file that bbolt has open, so that it can be closed if bbolt
// no longer can.
func openBolt(path string, o *bbolt.Options) (db *bbolt.DB, file *os.File, err error) {
	o.Timeout, o.FreelistType = lockWait, bbolt.FreelistArrayType
	o.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
		return file, err
	}
	db, err = bbolt.Open(path, 0o600, o)
	if errors.Is(err, berrors.ErrTimeout) {
		err = fmt.Errorf("%s: %w: another program has it open", path, ErrLocked)
	}
	if err != nil && file != nil {
		_ = file.Close() // it may be closed already
	}
	return db, file, err
}

// drop closes the file, after an error even if bbolt no longer can.
func (s *Store) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return
	}
	db, closed := s.db, make(chan struct{})
	go func() {
		defer close(closed)
		_ = guard(db.Close) // stored changes were synced
	}()
	wait := time.NewTimer(lockWait)
	defer wait.Stop()
	select {
	case <-closed:
	case <-wait.C:
	}
	_ = s.file.Close()
	s.db, s.file = nil, nil
}

func (s *Store) measure() {
	if info, err := s.file.Stat(); err == nil {
		s.size.Store(info.Size())
	}
}
