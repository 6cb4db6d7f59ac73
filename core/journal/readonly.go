package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// frozen is the store of a journal that is only read. It changes nothing, and
// needs no bbolt.
type frozen struct {
	file   *os.File
	lock   *os.File
	places map[uint64]place // of chunks by position, of dead letters by ^number
	size   int64
}

// OpenReadOnly opens the journal in dir for Stats, Waiting and DeadLetters, and
// changes nothing, not even where there is none. Meanwhile nobody can open it
// with [Open].
func OpenReadOnly(dir string) (*Journal, error) {
	lock, err := lockDir(dir, false)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	f := &frozen{lock: lock}
	path := filepath.Join(dir, fileName)
	c, err := inspect(path, os.O_RDONLY, func(_ *os.File, c *content) { f.places = c.places })
	if err == nil {
		f.file, err = os.Open(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), f.unlock())
	}
	if info, err := f.file.Stat(); err == nil {
		f.size = info.Size()
	}
	j := newJournal(Options{})
	j.store, j.readOnly = f, true
	c.restore(j)
	return j, nil
}

func (f *frozen) unlock() error {
	if f.lock == nil {
		return nil
	}
	return f.lock.Close()
}

func (f *frozen) read(key uint64) ([]byte, error) {
	p, ok := f.places[key]
	if !ok {
		return nil, errGone
	}
	b := make([]byte, p.size)
	_, err := f.file.ReadAt(b, p.offset)
	return b, err
}

func (f *frozen) load(c chunk) ([][]byte, error) {
	b, err := f.read(c.pos)
	if err != nil {
		return nil, err
	}
	if entryHash(bucketOutbox, number(c.pos), b) != c.hash {
		return nil, fmt.Errorf("%s: %w: chunk %d changed meanwhile", f.file.Name(), ErrDamaged, c.pos)
	}
	_, records, err := decodeChunk(c.pos, b)
	return records, err
}

func (f *frozen) letter(l letter) (DeadLetter, error) {
	b, err := f.read(^l.seq)
	if err != nil {
		return DeadLetter{}, err
	}
	return decodeLetter(number(l.seq), b)
}

func (f *frozen) write(context.Context, *entry) error { return ErrReadOnly }
func (f *frozen) touched()                            {}
func (f *frozen) keep(chunk, [][]byte)                {}
func (f *frozen) forget(*chunk, int)                  {}
func (f *frozen) fileBytes() int64                    { return f.size }
func (f *frozen) moved() error                        { return nil }
func (f *frozen) close() error                        { return errors.Join(f.file.Close(), f.unlock()) }
