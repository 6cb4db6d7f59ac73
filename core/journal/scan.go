package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/bits"
	"os"
	"slices"
)

// This file reads a bbolt file without bbolt, which trusts what it reads: it
// maps the file, and of a file that is damaged it dies in ways that can't be
// caught: in goroutines of its own, of a stack that overflows on a page that
// refers to itself, of SIGBUS on a file that is cut off. So bbolt gets to see
// only what was read here to the end.

const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHead    = 16 // id, flags, count, overflow
	bucketHead  = 16 // root page, sequence
	branchElem  = 16 // pos, ksize, pgid
	leafElem    = 16 // flags, pos, ksize, vsize
	metaSize    = 64
	noFreelist  = ^uint64(0)
	manyIDs     = 0xFFFF // where the count of a freelist stands before its ids
	maxDepth    = 64
	flagBranch  = 0x01
	flagLeaf    = 0x02
	flagFree    = 0x10
	flagBucket  = 0x01
	minPageSize = 1024
	maxPageSize = 64 << 10
)

// visit is called for each entry of a file, in the order of keys within its
// bucket. The slices are valid for the call.
type visit func(path []string, key, value []byte, offset int64) error

// scanner walks through all pages of a file that are in use.
type scanner struct {
	file     io.ReaderAt
	pageSize int64
	pages    uint64 // number of pages below the high-water mark
	seen     []uint64
	visit    visit
}

// boltMeta is what a meta page of bbolt says.
type boltMeta struct {
	pageSize                   uint32
	root, freelist, pages, txn uint64
}

// scan reads the file of size bytes and calls visit for every entry. complete
// says that each page is either in use or free.
func scan(file io.ReaderAt, size int64, visit visit) (complete bool, err error) {
	m, err := readMeta(file, size)
	if err != nil {
		return false, err
	}
	s := &scanner{file: file, pageSize: int64(m.pageSize), pages: m.pages, visit: visit}
	if m.pages < 4 || m.pages > uint64(size/s.pageSize) { //nolint:gosec // sizes are not negative
		return false, fmt.Errorf("file is cut off: it has %d bytes, and should have %d pages of %d", size, m.pages, m.pageSize)
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

// errNoFreelist is that of a file of which bbolt would look for the free pages
// in a goroutine of its own. Ours have a list.
var errNoFreelist = errors.New("list of free pages is missing")

func (s *scanner) complete() bool {
	n := 0
	for _, word := range s.seen {
		n += bits.OnesCount64(word)
	}
	return uint64(n) == s.pages
}

// readMeta finds the meta page that bbolt will go by: of those that are whole,
// the one of the later transaction.
func readMeta(file io.ReaderAt, size int64) (boltMeta, error) {
	head := make([]byte, pageHead+metaSize)
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return boltMeta{}, err
	}
	first, firstErr := parseMeta(head)
	if firstErr == nil {
		if _, err := file.ReadAt(head, int64(first.pageSize)); err == nil {
			if second, err := parseMeta(head); err == nil && second.txn > first.txn {
				if second.pageSize != first.pageSize {
					return boltMeta{}, errors.New("meta pages are of different page sizes")
				}
				return second, nil
			}
		}
		return first, nil
	}
	magic := binary.NativeEndian.Uint32(head[pageHead:]) == boltMagic
	for at := int64(minPageSize); at <= maxPageSize && at < size-minPageSize; at *= 2 {
		if _, err := file.ReadAt(head, at); err != nil {
			break
		}
		m, err := parseMeta(head)
		if err == nil && int64(m.pageSize) == at {
			return m, nil
		}
		magic = magic || binary.NativeEndian.Uint32(head[pageHead:]) == boltMagic
	}
	if !magic && !empty(file, size) {
		return boltMeta{}, errForeignFile
	}
	return boltMeta{}, fmt.Errorf("no meta page of its %d bytes is whole: %w", size, firstErr)
}

// oneHead tells whether only one of the two meta pages is whole, as a power cut
// can leave them. Then there may have been a later transaction.
func oneHead(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	m, err := readMeta(f, info.Size())
	if err != nil {
		return false, err
	}
	head := make([]byte, pageHead+metaSize)
	for _, at := range []int64{0, int64(m.pageSize)} {
		if _, err := f.ReadAt(head, at); err != nil {
			return true, nil
		}
		if _, err := parseMeta(head); err != nil {
			return true, nil
		}
	}
	return false, nil
}

var errForeignFile = errors.New("not a file of bbolt")

// empty looks whether the beginning of a file says nothing: then it may have
// been a journal.
func empty(file io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 4*minPageSize))
	n, _ := file.ReadAt(head, 0)
	return n < pageHead+metaSize || len(bytes.Trim(head[pageHead+4:n], "\x00")) == 0
}

func parseMeta(page []byte) (boltMeta, error) {
	b, ne := page[pageHead:], binary.NativeEndian
	if ne.Uint32(b) != boltMagic {
		return boltMeta{}, errors.New("magic of bbolt is missing")
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8])
	if ne.Uint64(b[metaSize-8:]) != sum.Sum64() {
		return boltMeta{}, errors.New("checksum of a meta page is wrong")
	}
	if v := ne.Uint32(b[4:]); v != boltVersion {
		return boltMeta{}, fmt.Errorf("version %d of bbolt's format", v)
	}
	m := boltMeta{
		pageSize: ne.Uint32(b[8:]),
		root:     ne.Uint64(b[16:]), freelist: ne.Uint64(b[32:]), pages: ne.Uint64(b[40:]), txn: ne.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return boltMeta{}, fmt.Errorf("page size %d", m.pageSize)
	}
	return m, nil
}

// mark notes that a page is in use, once.
func (s *scanner) mark(id uint64) bool {
	word, bit := id/64, uint64(1)<<(id%64)
	if s.seen[word]&bit != 0 {
		return false
	}
	s.seen[word] |= bit
	return true
}

// page reads a page with its overflow.
func (s *scanner) page(id uint64) ([]byte, error) {
	if id < 2 || id >= s.pages {
		return nil, fmt.Errorf("page %d is referred to, of %d", id, s.pages)
	}
	at := int64(id) * s.pageSize //nolint:gosec // within the file
	p := make([]byte, s.pageSize)
	if _, err := s.file.ReadAt(p, at); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	if got := binary.NativeEndian.Uint64(p); got != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, got)
	}
	overflow := uint64(binary.NativeEndian.Uint32(p[12:]))
	if id+overflow >= s.pages {
		return nil, fmt.Errorf("page %d goes on beyond the end", id)
	}
	for i := range overflow + 1 {
		if !s.mark(id + i) {
			return nil, fmt.Errorf("page %d is in use twice", id+i)
		}
	}
	if overflow == 0 {
		return p, nil
	}
	long := make([]byte, s.pageSize*int64(overflow+1)) //nolint:gosec // within the file
	copy(long, p)
	if _, err := s.file.ReadAt(long[s.pageSize:], at+s.pageSize); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	return long, nil
}

// step is a page that is still to be read, and between which keys its own are:
// from low on, and before high.
type step struct {
	id        uint64
	low, high []byte
	depth     int
}

// bucket reads the pages of a bucket with the given root page.
func (s *scanner) bucket(root uint64, path []string) error {
	var last []byte
	for todo := []step{{id: root}}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p, err := s.page(at.id)
		if err != nil {
			return err
		}
		offset := int64(at.id) * s.pageSize //nolint:gosec // within the file
		switch flags, n := binary.NativeEndian.Uint16(p[8:]), int(binary.NativeEndian.Uint16(p[10:])); {
		case flags == flagLeaf && (n > 0 || at.depth == 0):
			if last, err = s.leaf(p, n, at, last, path, offset); err != nil {
				return fmt.Errorf("page %d: %w", at.id, err)
			}
		case flags == flagBranch && n > 0 && at.depth < maxDepth:
			if todo, err = s.branch(p, n, at, todo); err != nil {
				return fmt.Errorf("page %d: %w", at.id, err)
			}
		default:
			return fmt.Errorf("page %d: kind %#x with %d entries", at.id, flags, n)
		}
	}
	return nil
}

// branch adds the pages below a page to those that are to be read, the first
// last.
func (s *scanner) branch(p []byte, n int, at step, todo []step) ([]step, error) {
	ne, high := binary.NativeEndian, at.high
	if pageHead+n*branchElem > len(p) {
		return nil, fmt.Errorf("%d entries don't fit", n)
	}
	for i := n - 1; i >= 0; i-- {
		e := pageHead + i*branchElem
		key, err := within(p, e, ne.Uint32(p[e:]), ne.Uint32(p[e+4:]))
		if err != nil {
			return nil, err
		}
		if high != nil && bytes.Compare(key, high) >= 0 || at.low != nil && bytes.Compare(key, at.low) < 0 {
			return nil, errors.New("keys are out of order")
		}
		todo = append(todo, step{ne.Uint64(p[e+8:]), key, high, at.depth + 1})
		high = key
	}
	return todo, nil
}

// within returns the bytes of an element, if they are on its page.
func within(p []byte, elem int, pos, size uint32) ([]byte, error) {
	start := int64(elem) + int64(pos)
	end := start + int64(size)
	if end > int64(len(p)) {
		return nil, errors.New("an entry goes on beyond its page")
	}
	return p[start:end:end], nil
}

// leaf visits the entries of a page and returns the last key.
func (s *scanner) leaf(p []byte, n int, at step, last []byte, path []string, offset int64) ([]byte, error) {
	ne := binary.NativeEndian
	if pageHead+n*leafElem > len(p) {
		return nil, fmt.Errorf("%d entries don't fit", n)
	}
	for i := range n {
		e := pageHead + i*leafElem
		flags, pos, ksize, vsize := ne.Uint32(p[e:]), ne.Uint32(p[e+4:]), ne.Uint32(p[e+8:]), ne.Uint32(p[e+12:])
		both, err := within(p, e, pos, ksize)
		if err != nil {
			return nil, err
		}
		key := both
		value, err := within(p, e+int(ksize), pos, vsize)
		switch {
		case err != nil:
			return nil, err
		case len(key) == 0 || len(key) > maxKey:
			return nil, fmt.Errorf("key of %d bytes", len(key))
		case last != nil && bytes.Compare(key, last) <= 0, at.low != nil && bytes.Compare(key, at.low) < 0,
			at.high != nil && bytes.Compare(key, at.high) >= 0:
			return nil, errors.New("keys are out of order")
		}
		last = key
		if err := s.element(flags, path, key, value, offset+int64(e)+int64(pos)+int64(ksize)); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// element visits an entry, or reads the bucket that it is.
func (s *scanner) element(flags uint32, path []string, key, value []byte, offset int64) error {
	switch flags {
	case 0:
		return s.visit(path, key, value, offset)
	case flagBucket:
	default:
		return fmt.Errorf("entry of kind %#x", flags)
	}
	if len(value) < bucketHead || len(path) > 8 {
		return errors.New("bucket isn't one")
	}
	path = append(slices.Clip(path), string(key))
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return s.bucket(root, path)
	}
	p := value[bucketHead:] // a small bucket stands in its parent
	if len(p) < pageHead || binary.NativeEndian.Uint16(p[8:]) != flagLeaf {
		return errors.New("small bucket isn't one")
	}
	_, err := s.leaf(p, int(binary.NativeEndian.Uint16(p[10:])), step{}, nil, path, offset+bucketHead)
	return err
}

// freelist looks that no page that is in use counts as free.
func (s *scanner) freelist(id uint64) error {
	p, err := s.page(id)
	if err != nil {
		return err
	}
	ne := binary.NativeEndian
	n, ids := uint64(ne.Uint16(p[10:])), p[pageHead:]
	if n == manyIDs && len(ids) >= 8 {
		n, ids = ne.Uint64(ids), ids[8:]
	}
	if ne.Uint16(p[8:]) != flagFree || n > uint64(len(ids)/8) {
		return fmt.Errorf("page %d isn't the list of free pages", id)
	}
	for last := uint64(1); n > 0; n-- {
		free := ne.Uint64(ids)
		ids = ids[8:]
		if free <= last || free >= s.pages || !s.mark(free) {
			return fmt.Errorf("free page %d isn't free", free)
		}
		last = free
	}
	return nil
}
