package boltstore

import (
	"errors"
	"math"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

const (
	compactAbove = 32 << 20 // bytes of the file below which it isn't worth it
	compactRatio = 4        // of the file to its content
	compactPause = time.Minute
	compactTx    = 4 << 20 // bytes per transaction of the copy
)

// Compact implements [journal.Store]: it replaces the file by a copy if most of it is free. By itself it never
// shrinks. A copy that fails costs nothing but the room.
func (s *Store) Compact() error {
	if s.db == nil || !s.worthCompacting() || !s.compacted.IsZero() && time.Since(s.compacted) < compactPause {
		return nil
	}
	s.compacted = time.Now()
	temp := s.path + tempEnd
	err := guard(func() error { return s.copyTo(temp) })
	if err == nil {
		err = s.install(temp)
	}
	if err != nil {
		_ = os.Remove(temp) // it may not be there
		return nil          //nolint:nilerr // the file stays as it is
	}
	s.drop()
	_, err = s.reopen()
	return err
}

func (s *Store) worthCompacting() bool {
	above := s.options.CompactAbove
	if above == 0 {
		above = compactAbove
	}
	if s.size.Load() <= above {
		return false
	}
	stats := s.db.Stats()
	free := int64(stats.FreePageN+stats.PendingPageN) * int64(s.db.Info().PageSize)
	var used int64
	err := guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			used = tx.Size()
			return nil
		})
	})
	return err == nil && used > above && used > compactRatio*(used-free)
}

// copyTo makes a copy without free pages and verifies that nothing is missing.
func (s *Store) copyTo(temp string) error {
	if err := os.Remove(temp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := makeFile(temp); err != nil {
		return err
	}
	db, _, err := openBolt(temp, &bbolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	if err := errors.Join(bbolt.Compact(db, s.db, compactTx), db.Close()); err != nil {
		return err
	}
	found, err := s.verify(temp, math.MaxUint32, nil)
	if err == nil && !found.meta.equal(&s.last) {
		err = errors.New("the copy is of another transaction")
	}
	return err
}
