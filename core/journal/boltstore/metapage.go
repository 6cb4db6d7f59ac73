package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// bbolt writes its two meta pages in turns, one with each transaction. Both begin the file.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	metaPageBytes = 64 // after the page's header
	minPageSize   = 1024
	maxPageSize   = 64 << 10
)

// metaPage is the content of a meta page.
type metaPage struct {
	pageSize                   uint32
	root, freelist, pages, txn uint64
}

// readMetaPage finds the meta page that bbolt will use: of those that are whole, the one of the later transaction.
func readMetaPage(file io.ReaderAt, size int64) (metaPage, error) {
	first, err := metaPageAt(file, 0)
	if err != nil {
		return otherMetaPage(file, size, err)
	}
	second, err := metaPageAt(file, int64(first.pageSize))
	switch {
	case err != nil || second.txn <= first.txn:
		return first, nil //nolint:nilerr // one whole page is enough
	case second.pageSize != first.pageSize:
		return metaPage{}, errors.New("meta pages are of different page sizes")
	default:
		return second, nil
	}
}

// otherMetaPage finds the second meta page if the first is damaged. The page size is unknown then.
func otherMetaPage(file io.ReaderAt, size int64, firstErr error) (metaPage, error) {
	magic := !errors.Is(firstErr, errNoMagic)
	for at := int64(minPageSize); at <= maxPageSize && at < size-minPageSize; at *= 2 {
		m, err := metaPageAt(file, at)
		if err == nil && int64(m.pageSize) == at {
			return m, nil
		}
		magic = magic || err == nil || !errors.Is(err, errNoMagic)
	}
	if !magic && !blank(file, size) {
		return metaPage{}, journal.ErrForeign
	}
	return metaPage{}, fmt.Errorf("no meta page of its %d bytes is whole: %w", size, firstErr)
}

// oneMetaPage reports whether only one of the two meta pages is whole, as a power cut can leave them. Then there may
// have been a later transaction.
func oneMetaPage(file io.ReaderAt, size int64) (bool, error) {
	m, err := readMetaPage(file, size)
	if err != nil {
		return false, err
	}
	for _, at := range []int64{0, int64(m.pageSize)} {
		if _, err := metaPageAt(file, at); err != nil {
			return true, nil //nolint:nilerr // this is the answer
		}
	}
	return false, nil
}

// blank reports whether the beginning of a file contains nothing. It may have been a journal then.
func blank(file io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 4*minPageSize))
	n, _ := file.ReadAt(head, 0)
	return n < pageHead+metaPageBytes || len(bytes.Trim(head[pageHead+4:n], "\x00")) == 0
}

var errNoMagic = errors.New("magic of bbolt is missing")

// metaPageAt reads a meta page. The part of it beyond the end of the file counts as zeros.
func metaPageAt(file io.ReaderAt, at int64) (metaPage, error) {
	page := make([]byte, pageHead+metaPageBytes)
	if _, err := file.ReadAt(page, at); err != nil && !errors.Is(err, io.EOF) {
		return metaPage{}, err
	}
	b, ne := page[pageHead:], binary.NativeEndian
	if ne.Uint32(b) != boltMagic {
		return metaPage{}, errNoMagic
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaPageBytes-8])
	if ne.Uint64(b[metaPageBytes-8:]) != sum.Sum64() {
		return metaPage{}, errors.New("checksum of a meta page is wrong")
	}
	if v := ne.Uint32(b[4:]); v != boltVersion {
		return metaPage{}, fmt.Errorf("version %d of bbolt's format", v)
	}
	m := metaPage{
		pageSize: ne.Uint32(b[8:]), root: ne.Uint64(b[16:]), freelist: ne.Uint64(b[32:]),
		pages: ne.Uint64(b[40:]), txn: ne.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return metaPage{}, fmt.Errorf("page size %d", m.pageSize)
	}
	return m, nil
}
