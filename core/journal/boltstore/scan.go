package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// A scan reads a file without bbolt, which trusts its content: it maps the file, and a damaged one
// kills it in ways that can't be caught: a panic in a goroutine of its own, a page that refers to
// itself and overflows the stack, or SIGBUS in a file that is cut off. So bbolt opens only what a
// scan has read to the end.

const (
	noFreelist = ^uint64(0)
	maxDepth   = 64 // of pages, and 8 of buckets
)

// errNoFreelist is returned for a file whose free pages bbolt would look for in a goroutine of its own. Our files
// have a list.
var errNoFreelist = errors.New("list of free pages is missing")

// visitor is called for each entry of a file, in the order of keys within a bucket. path are the names of its buckets.
// The slices are valid for the call.
type visitor func(path []string, key, value []byte) error

// scanner reads all pages of a file that are in use.
type scanner struct {
	file     io.ReaderAt
	pageSize int64
	pages    uint64   // number of pages below the high-water mark
	seen     []uint64 // a bit for each
	visit    visitor
}

// scan reads the file of size bytes and calls visit for every entry. It reports as complete whether each page is
// either in use or free.
func scan(file io.ReaderAt, size int64, visit visitor) (complete bool, err error) {
	m, err := readMetaPage(file, size)
	if err != nil {
		return false, err
	}
	s := &scanner{file: file, pageSize: int64(m.pageSize), pages: m.pages, visit: visit}
	if m.pages < 4 || m.pages > uint64(size/s.pageSize) { //nolint:gosec // sizes are not negative
		return false, fmt.Errorf("file is cut off: it has %d bytes, and should have %d pages of %d",
			size, m.pages, m.pageSize)
	}
	s.seen = make([]uint64, m.pages/64+1)
	s.mark(0)
	s.mark(1)
	if err := s.bucket(m.root, nil); err != nil {
		return false, err
	}
	if m.freelist == noFreelist {
		return true, errNoFreelist
	}
	err = s.freelist(m.freelist)
	return s.complete(), err
}

// mark notes that a page is accounted for. It returns false if it was before.
func (s *scanner) mark(id uint64) bool {
	word, bit := id/64, uint64(1)<<(id%64)
	if s.seen[word]&bit != 0 {
		return false
	}
	s.seen[word] |= bit
	return true
}

func (s *scanner) complete() bool {
	n := 0
	for _, word := range s.seen {
		n += bits.OnesCount64(word)
	}
	return uint64(n) == s.pages
}

// step is a page that is still to be read. Its keys lie between low, included, and high, excluded; nil is no bound.
type step struct {
	id        uint64
	low, high []byte
	depth     int
}

// bucket reads the pages of the bucket with the given root page.
func (s *scanner) bucket(root uint64, path []string) error {
	var last []byte
	for steps := []step{{id: root}}; len(steps) > 0; {
		at := steps[len(steps)-1]
		steps = steps[:len(steps)-1]
		p, err := s.page(at.id)
		if err != nil {
			return err
		}
		switch kind, n := p.kind(), p.count(); {
		case kind == leafPage && (n > 0 || at.depth == 0):
			last, err = s.leaf(p, at, last, path)
		case kind == branchPage && n > 0 && at.depth < maxDepth:
			steps, err = p.branch(at, steps)
		default:
			err = fmt.Errorf("kind %#x with %d entries", kind, n)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", at.id, err)
		}
	}
	return nil
}

// branch appends the pages below p to steps, the first one last.
func (p page) branch(at step, steps []step) ([]step, error) {
	high := at.high
	for i := p.count() - 1; i >= 0; i-- {
		key, child, err := p.branchElement(i)
		if err != nil {
			return nil, err
		}
		if !at.holds(key) || high != nil && bytes.Compare(key, high) >= 0 {
			return nil, errOrder
		}
		steps = append(steps, step{child, key, high, at.depth + 1})
		high = key
	}
	return steps, nil
}

var errOrder = errors.New("keys are out of order")

// holds reports whether key lies within the bounds.
func (at step) holds(key []byte) bool {
	return (at.low == nil || bytes.Compare(key, at.low) >= 0) && (at.high == nil || bytes.Compare(key, at.high) < 0)
}

// leaf visits the entries of a page. Their keys follow last. It returns the last of them.
func (s *scanner) leaf(p page, at step, last []byte, path []string) ([]byte, error) {
	for i := range p.count() {
		e, err := p.leafElement(i)
		if err != nil {
			return nil, err
		}
		if last != nil && bytes.Compare(e.key, last) <= 0 || !at.holds(e.key) {
			return nil, errOrder
		}
		last = e.key
		switch e.flags {
		case 0:
			err = s.visit(path, e.key, e.value)
		case flagBucket:
			err = s.nested(e, path)
		default:
			err = fmt.Errorf("entry of kind %#x", e.flags)
		}
		if err != nil {
			return nil, err
		}
	}
	return last, nil
}

// nested reads the bucket that an entry is. A small one is stored within its parent.
func (s *scanner) nested(e element, path []string) error {
	if len(e.value) < bucketHead || len(path) > 8 {
		return errors.New("bucket isn't one")
	}
	path = append(slices.Clip(path), string(e.key))
	if root := binary.NativeEndian.Uint64(e.value); root != 0 {
		return s.bucket(root, path)
	}
	p := page(e.value[bucketHead:])
	if len(p) < pageHead || p.kind() != leafPage {
		return errors.New("small bucket isn't one")
	}
	_, err := s.leaf(p, step{}, nil, path)
	return err
}

// freelist verifies that no page in use counts as free.
func (s *scanner) freelist(id uint64) error {
	p, err := s.page(id)
	if err != nil {
		return err
	}
	ids, ok := p.freeIDs()
	if !ok {
		return fmt.Errorf("page %d isn't the list of free pages", id)
	}
	for last := uint64(1); len(ids) > 0; ids = ids[8:] {
		free := binary.NativeEndian.Uint64(ids)
		if free <= last || free >= s.pages || !s.mark(free) {
			return fmt.Errorf("free page %d isn't free", free)
		}
		last = free
	}
	return nil
}
