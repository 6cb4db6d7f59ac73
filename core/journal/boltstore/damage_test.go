package boltstore_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

const (
	pageBytes  = 4096
	branchPage = 1
	freePage   = 0x10
)

// eachPage calls f for the pages of a kind, also for unused ones.
func eachPage(file []byte, kind uint16, f func(page []byte)) {
	for page := range slices.Chunk(file, pageBytes) {
		if binary.NativeEndian.Uint16(page[8:]) == kind {
			f(page)
		}
	}
}

// child is where an element of a branch page has the number of its page.
func child(page []byte, i int) []byte { return page[16+16*i+8:] }

// TestDamagedTree: damages of the tree that leave all entries as they are, so that their digest doesn't show them, are
// found before bbolt opens the file.
func TestDamagedTree(t *testing.T) {
	whole := wholeFile(t)
	for name, c := range map[string]struct {
		damage func(file []byte)
		says   string
	}{
		"keys are swapped": {func(file []byte) {
			swap(file, "pod-10", "pod-11")
		}, "out of order"},
		"a page is used twice": {func(file []byte) {
			eachPage(file, branchPage, func(p []byte) { copy(child(p, 1)[:8], child(p, 0)) })
		}, "in use twice"},
		"a page refers to itself": {func(file []byte) {
			eachPage(file, branchPage, func(p []byte) { copy(child(p, 1)[:8], p[:8]) })
		}, "in use twice"},
		"a page refers beyond the end": {func(file []byte) {
			eachPage(file, branchPage, func(p []byte) { binary.NativeEndian.PutUint64(child(p, 1), 1<<40) })
		}, "is referred to"},
		"a page has another number": {func(file []byte) {
			eachPage(file, branchPage, func(p []byte) { p[0]++ })
		}, "labelled"},
		"a page has more entries than fit": {func(file []byte) {
			eachPage(file, branchPage, func(p []byte) { binary.NativeEndian.PutUint16(p[10:], 5000) })
		}, "don't fit"},
		"an entry is longer than its page": {func(file []byte) {
			eachPage(file, branchPage, func(p []byte) { binary.NativeEndian.PutUint32(p[20:], 1<<20) })
		}, "beyond its page"},
		"a used page is free": {func(file []byte) {
			eachPage(file, freePage, freeUsedPage)
		}, "isn't free"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := t.TempDir(), bytes.Clone(whole)
			c.damage(file)
			if bytes.Equal(file, whole) {
				t.Fatal("nothing is damaged")
			}
			write(file)(t, filepath.Join(dir, "journal.db"))
			s, err := boltstore.Open(dir, boltstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.Load(9, func(journal.Entry) error { return nil })
			if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// swap exchanges two texts of the same length.
func swap(file []byte, a, b string) {
	for i := 0; i+len(a) <= len(file); i++ {
		switch string(file[i : i+len(a)]) {
		case a:
			copy(file[i:], b)
		case b:
			copy(file[i:], a)
		}
	}
}

// freeUsedPage replaces a free page of a list by one that is in use.
func freeUsedPage(list []byte) {
	last := uint64(1)
	for i := range int(binary.NativeEndian.Uint16(list[10:])) {
		free := binary.NativeEndian.Uint64(list[16+8*i:])
		if free > last+1 {
			binary.NativeEndian.PutUint64(list[16+8*i:], free-1)
			return
		}
		last = free
	}
}

// TestErrorsOfTheDisk: a file that can't be read isn't called damaged.
func TestErrorsOfTheDisk(t *testing.T) {
	s, err := boltstore.OpenReadOnly(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Load(9, nil); !errors.Is(err, os.ErrNotExist) || errors.Is(err, journal.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}
