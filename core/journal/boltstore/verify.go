package boltstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// findings are those of a file that is read to its end.
type findings struct {
	meta        meta
	format      uint32
	modified    time.Time
	headDamaged bool // one of bbolt's two meta pages is damaged

	newest  uint32
	visit   func(journal.Entry) error // may be nil
	hasMeta bool
	known   bool   // an entry is one of a journal
	foreign error  // of an entry that no journal has
	bad     error  // the first of visit
	ledger  ledger // of the entries that were read
}

// verify reads the file at path to its end and passes its entries to visit. All of them must be of one transaction.
func (s *Store) verify(path string, newest uint32, visit func(journal.Entry) error) (*findings, error) {
	v := &findings{newest: newest, visit: visit}
	f, err := s.openFile(path)
	if err != nil {
		return v, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return v, err
	}
	v.modified = info.ModTime()
	complete, err := scan(f, info.Size(), v.entry)
	if err = v.conclude(complete, err); err == nil {
		v.headDamaged, err = oneMetaPage(f, info.Size())
	}
	return v, classify(path, err)
}

// openFile opens a regular file with the rights that bbolt will need.
func (s *Store) openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would block
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if s.readOnly {
		return os.Open(path)
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

// classify names the file and says whether it is damaged.
func classify(path string, err error) error {
	pathError := new(fs.PathError)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pathError) && !errors.Is(err, io.EOF):
		return err // the disk couldn't be read; the file may be whole
	case errors.Is(err, journal.ErrNewer), errors.Is(err, journal.ErrForeign):
		return fmt.Errorf("%s: %w", path, err)
	default:
		return fmt.Errorf("%s: %w: %w", path, journal.ErrDamaged, err)
	}
}

// entry takes an entry of the file. It continues after errors of visit: the format version that follows may explain
// them.
func (v *findings) entry(path []string, key, value []byte) error {
	if len(path) == 0 || path[0][0] == 0 {
		return errors.New("root of another bucket")
	}
	e := journal.Entry{Bucket: path[0], Key: string(key), Value: value}
	switch {
	case path[0] == bucketMeta && len(path) == 1:
		v.known = true
		return v.about(e.Key, value)
	case len(path) == 2 && e.Key == keyValue:
		e.Key = path[1]
	case len(path) > 1:
		v.foreign = fmt.Errorf("entry %.20q in %.20q", key, path)
		return nil
	}
	e.Sum = sumOf(e.Bucket, e.Key, value)
	v.take(e)
	return nil
}

func (v *findings) take(e journal.Entry) {
	if v.visit != nil {
		err := v.visit(e)
		if errors.Is(err, journal.ErrForeign) {
			v.foreign = fmt.Errorf("entry %.20q in %.20q", e.Key, e.Bucket)
			return
		}
		if v.bad == nil {
			v.bad = err
		}
	}
	v.known = true
	v.ledger.add(e.Sum)
}

// about takes an entry of the bucket meta.
func (v *findings) about(key string, value []byte) (err error) {
	switch key {
	case keyFormat:
		v.format, err = decodeFormat(value)
	case keyMeta:
		v.hasMeta = true
		err = v.meta.decode(value)
	default:
		v.foreign = fmt.Errorf("entry %.20q", key)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// conclude decides whether the file is a whole journal. complete reports whether each page was accounted for.
func (v *findings) conclude(complete bool, err error) error {
	switch {
	case v.format > v.newest:
		return fmt.Errorf("%w: format %d, this program reads up to %d", journal.ErrNewer, v.format, v.newest)
	case v.foreign != nil && !v.known && complete && (err == nil || errors.Is(err, errNoFreelist)):
		return journal.ErrForeign
	case err != nil:
		return err
	case v.bad != nil:
		return v.bad
	case v.foreign != nil:
		return v.foreign
	case v.format == 0 || !v.hasMeta:
		return errors.New("the entries that describe the journal are missing")
	case v.ledger != v.meta.ledger:
		return fmt.Errorf("it has %d entries with the digest %016x, and should have %d with %016x",
			v.ledger.entries, v.ledger.digest, v.meta.ledger.entries, v.meta.ledger.digest)
	}
	return nil
}
