package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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

// create makes an empty journal where there is none. It gets its name when it is
// whole: what a crash leaves has another name, and is replaced.
func (d *disk) create() error {
	temp := d.path + tempEnd
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Lstat(d.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFile(temp); err != nil {
		return err
	}
	db, _, err := openBolt(temp, true)
	if err == nil {
		err = errors.Join(db.Update(buckets), db.Close())
	}
	if err == nil {
		err = d.install(temp)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	d.renamed = false
	return syncDir(d.dir)
}

// makeFile makes an empty file, which bbolt then fills.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func buckets(tx *bbolt.Tx) error {
	for _, name := range []string{bucketState, bucketOutbox, bucketLines, bucketDead, bucketMeta} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	about := tx.Bucket([]byte(bucketMeta))
	first := meta{Generation: 1, End: 1}
	return errors.Join(about.Put([]byte(keyFormat), encodeFormat(formatVersion)), about.Put([]byte(keyMeta), first.encode()))
}

// install syncs a file that is whole and gives it the journal's name.
func (d *disk) install(temp string) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, d.path); err != nil {
		return err
	}
	d.renamed = true
	return nil
}

// explain makes an error that says what is wrong with a file and what to do.
func explain(path string, info fs.FileInfo, c *content, err error) error {
	if pathError := new(fs.PathError); errors.As(err, &pathError) && !errors.Is(err, io.EOF) {
		return err // the disk couldn't be read, which says nothing of the file
	}
	switch {
	case errors.Is(err, errNewer):
		return fmt.Errorf("%s: %w: %w; run the version that wrote it, or move the file away to start anew", path, ErrNewer, err)
	case errors.Is(err, errForeignFile):
		return fmt.Errorf("%s: %w; name another directory, or move the file away", path, ErrForeign)
	}
	since := info.ModTime()
	if c.hasMeta && c.meta.Committed != 0 {
		since = time.Unix(0, c.meta.Committed)
	}
	return fmt.Errorf("%s: %w: %w; move it away to start anew: changes since %s can then only be told as far as the cluster "+
		"still shows them, and records that waited are lost", path, ErrDamaged, err, since.UTC().Format(time.RFC3339))
}
