package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The layout of bbolt's pages, in the byte order of the machine.
const (
	pageHead   = 16     // id, kind, count, overflow
	bucketHead = 16     // root page, sequence
	elemBytes  = 16     // leaf: flags, pos, ksize, vsize; branch: pos, ksize, page
	manyIDs    = 0xFFFF // the count of a list of free pages whose real count precedes its ids

	branchPage = 0x01
	leafPage   = 0x02
	freePage   = 0x10
	flagBucket = 0x01

	maxKey = 32 << 10
)

// page is a page together with its overflow.
type page []byte

func (p page) kind() uint16    { return binary.NativeEndian.Uint16(p[8:]) }
func (p page) count() int      { return int(binary.NativeEndian.Uint16(p[10:])) }
func (p page) overflow() int64 { return int64(binary.NativeEndian.Uint32(p[12:])) }

// page reads a page and accounts for it.
func (s *scanner) page(id uint64) (page, error) {
	if id < 2 || id >= s.pages {
		return nil, fmt.Errorf("page %d is referred to, of %d", id, s.pages)
	}
	at := int64(id) * s.pageSize //nolint:gosec // within the file
	p := make(page, s.pageSize)
	if _, err := s.file.ReadAt(p, at); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	if stored := binary.NativeEndian.Uint64(p); stored != id {
		return nil, fmt.Errorf("page %d is labelled as page %d", id, stored)
	}
	if err := s.account(id, p.overflow()); err != nil || p.overflow() == 0 {
		return p, err
	}
	long := make(page, s.pageSize*(p.overflow()+1))
	copy(long, p)
	if _, err := s.file.ReadAt(long[s.pageSize:], at+s.pageSize); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	return long, nil
}

// account notes that a page and its overflow are in use.
func (s *scanner) account(id uint64, overflow int64) error {
	end := id + uint64(overflow) + 1 //nolint:gosec // not negative
	if end > s.pages {
		return fmt.Errorf("page %d continues beyond the end", id)
	}
	for ; id < end; id++ {
		if !s.mark(id) {
			return fmt.Errorf("page %d is in use twice", id)
		}
	}
	return nil
}

// element is an entry of a leaf page.
type element struct {
	flags      uint32
	key, value []byte
}

func (p page) leafElement(i int) (e element, err error) {
	head, err := p.elementHead(i)
	if err != nil {
		return e, err
	}
	ne := binary.NativeEndian
	pos, ksize, vsize := int64(ne.Uint32(head[4:])), int64(ne.Uint32(head[8:])), int64(ne.Uint32(head[12:]))
	both, err := p.within(i, pos, ksize+vsize)
	if err != nil {
		return e, err
	}
	if ksize == 0 || ksize > maxKey {
		return e, fmt.Errorf("key of %d bytes", ksize)
	}
	return element{ne.Uint32(head), both[:ksize:ksize], both[ksize:]}, nil
}

func (p page) branchElement(i int) (key []byte, child uint64, err error) {
	head, err := p.elementHead(i)
	if err != nil {
		return nil, 0, err
	}
	ne := binary.NativeEndian
	key, err = p.within(i, int64(ne.Uint32(head)), int64(ne.Uint32(head[4:])))
	return key, ne.Uint64(head[8:]), err
}

func (p page) elementHead(i int) ([]byte, error) {
	start := pageHead + i*elemBytes
	if start+elemBytes > len(p) {
		return nil, fmt.Errorf("%d entries don't fit", p.count())
	}
	return p[start : start+elemBytes], nil
}

// within returns bytes that belong to element i, if they are on the page. pos is counted from the element.
func (p page) within(i int, pos, size int64) ([]byte, error) {
	start := int64(pageHead+i*elemBytes) + pos
	if end := start + size; end <= int64(len(p)) {
		return p[start:end:end], nil
	}
	return nil, errors.New("an entry continues beyond its page")
}

// freeIDs returns the ids of a list of free pages.
func (p page) freeIDs() ([]byte, bool) {
	n, ids := uint64(p.count()), p[pageHead:] //nolint:gosec // not negative
	if n == manyIDs && len(ids) >= 8 {
		n, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if p.kind() != freePage || n > uint64(len(ids)/8) {
		return nil, false
	}
	return ids[:8*n], true
}
