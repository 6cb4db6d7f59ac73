package boltstore

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// Apply implements [journal.Store].
func (s *Store) Apply(c *journal.Change) (journal.Result, error) {
	if s.readOnly {
		return journal.NotStored, journal.ErrReadOnly
	}
	stored, err := s.reopen()
	switch {
	case err != nil && s.unresolved:
		return journal.Unknown, err
	case err != nil:
		return journal.NotStored, err
	case stored:
		return journal.Stored, nil
	}
	if err = s.transact(c); err == nil {
		s.measure()
		return journal.Stored, nil
	}
	return s.findOut(err)
}

// findOut looks in the file for a change whose transaction has failed with err.
func (s *Store) findOut(err error) (journal.Result, error) {
	s.unresolved = true
	s.drop()
	stored, unknown := s.reopen()
	switch {
	case unknown != nil:
		return journal.Unknown, errors.Join(err, unknown)
	case stored:
		return journal.Stored, nil
	default:
		return journal.NotStored, err
	}
}

// transact makes a transaction of c.
func (s *Store) transact(c *journal.Change) error {
	next := meta{Generation: s.last.Generation + 1, ledger: s.last.ledger, head: c.Head}
	format := max(s.format, c.Format)
	err := guard(func() error { return s.commit(c, &next, format) })
	if err == nil {
		s.last, s.format = next, format
	}
	return err
}

func (s *Store) commit(c *journal.Change, next *meta, format uint32) error {
	tx, err := s.db.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	t := transaction{tx, &next.ledger}
	if err := t.large(c.Large); err != nil {
		return err
	}
	if err := t.small(c.Small); err != nil {
		return err
	}
	if err := t.describe(next, format); err != nil {
		return err
	}
	if err := s.options.fault.call(false); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.options.fault.call(true)
}

// transaction is one that makes a change.
type transaction struct {
	*bbolt.Tx
	ledger *ledger
}

// describe stores what describes the whole file.
func (t transaction) describe(m *meta, format uint32) error {
	b := t.Bucket([]byte(bucketMeta))
	if version := encodeFormat(format); string(b.Get([]byte(keyFormat))) != string(version) {
		if err := b.Put([]byte(keyFormat), version); err != nil {
			return err
		}
	}
	return b.Put([]byte(keyMeta), m.encode())
}

// bucket returns a bucket, which it makes if needed. Its pages are filled up to the given share.
func (t transaction) bucket(name string, fill float64) (*bbolt.Bucket, error) {
	b := t.Bucket([]byte(name))
	if b == nil {
		var err error
		if b, err = t.CreateBucket([]byte(name)); err != nil {
			return nil, err
		}
	}
	b.FillPercent = fill
	return b, nil
}

// large adds or removes values that have a bucket of their own. It removes them without reading them.
func (t transaction) large(entries []journal.Entry) error {
	for i := range entries {
		e := &entries[i]
		b, err := t.bucket(e.Bucket, 0.9)
		if err != nil {
			return err
		}
		if e.Value == nil {
			t.ledger.remove(e.Sum)
			err = b.DeleteBucket([]byte(e.Key))
		} else {
			e.Sum = sumOf(e.Bucket, e.Key, e.Value)
			t.ledger.add(e.Sum)
			err = addLarge(b, e)
		}
		if err != nil {
			return fmt.Errorf("entry %x of bucket %q: %w", e.Key, e.Bucket, err)
		}
	}
	return nil
}

func addLarge(b *bbolt.Bucket, e *journal.Entry) error {
	own, err := b.CreateBucket([]byte(e.Key))
	if err != nil {
		return err
	}
	return own.Put([]byte(keyValue), e.Value)
}

// small sets or removes values that share pages with their neighbours.
func (t transaction) small(entries []journal.Entry) error {
	for i := range entries {
		e := &entries[i]
		b, err := t.bucket(e.Bucket, 0.8)
		if err != nil {
			return err
		}
		if err := t.set(b, e); err != nil {
			return fmt.Errorf("entry %q of bucket %q: %w", e.Key, e.Bucket, err)
		}
	}
	return nil
}

func (t transaction) set(b *bbolt.Bucket, e *journal.Entry) error {
	key := []byte(e.Key)
	old := b.Get(key)
	if old != nil {
		t.ledger.remove(sumOf(e.Bucket, e.Key, old))
	}
	switch {
	case e.Value != nil:
		t.ledger.add(sumOf(e.Bucket, e.Key, e.Value))
		return b.Put(key, e.Value)
	case old != nil:
		return b.Delete(key)
	}
	return nil
}

// fault is called before and after each transaction is committed, which then fails with its error. It is for tests.
type fault func(committed bool) error

func (f fault) call(committed bool) error {
	if f == nil {
		return nil
	}
	return f(committed)
}
