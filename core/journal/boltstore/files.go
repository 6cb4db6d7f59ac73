package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// makeDir makes the directory, and its entry in its parent durable.
func makeDir(dir string) error {
	switch info, err := os.Stat(dir); {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(dir)))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// create makes an empty journal if there is none. The file gets its name once it is whole: a file that a crash left
// behind has another name and is replaced.
func (s *Store) create() error {
	temp := s.path + tempEnd
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Lstat(s.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFile(temp); err != nil {
		return err
	}
	db, _, err := openBolt(temp, &bbolt.Options{NoSync: true})
	if err == nil {
		err = errors.Join(db.Update(fillNew), db.Close())
	}
	if err == nil {
		err = s.install(temp)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	s.renamed = false
	return syncDir(s.dir)
}

// makeFile makes an empty file for bbolt to fill.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// fillNew stores what a journal without entries has.
func fillNew(tx *bbolt.Tx) error {
	for _, name := range []string{"dead", "lines", "outbox", "state", bucketMeta} { // which the first format requires
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return transaction{Tx: tx}.describe(&meta{Generation: 1}, firstFormat)
}

// install syncs a whole file and gives it the journal's name.
func (s *Store) install(temp string) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, s.path); err != nil {
		return err
	}
	s.renamed = true
	return nil
}
