package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// entries are the values of a store, by bucket and key.
type entries map[string]string

// open opens and loads a store, and closes it when the test ends.
func open(t *testing.T, dir string, o boltstore.Options) *boltstore.Store {
	t.Helper()
	s, _, _ := load(t, dir, o)
	return s
}

func load(t *testing.T, dir string, o boltstore.Options) (*boltstore.Store, entries, journal.Snapshot) {
	t.Helper()
	s, err := boltstore.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	found := entries{}
	snap, err := s.Load(9, func(e journal.Entry) error {
		found[e.Bucket+"/"+e.Key] = string(e.Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, found, snap
}

func apply(t *testing.T, s *boltstore.Store, c *journal.Change) {
	t.Helper()
	if result, err := s.Apply(c); result != journal.Stored || err != nil {
		t.Fatalf("apply: %v, %v", result, err)
	}
}

// change adds a large and a small entry.
func change(i int) *journal.Change {
	return &journal.Change{
		Head:  fmt.Appendf(nil, "head %d", i),
		Large: []journal.Entry{{Bucket: "outbox", Key: fmt.Sprintf("%08d", i), Value: bytes.Repeat([]byte{byte(i)}, 9000)}},
		Small: []journal.Entry{{Bucket: "state", Key: fmt.Sprintf("pod-%d", i), Value: fmt.Appendf(nil, "state %d", i)}},
	}
}

// TestRoundTrip makes random changes, and looks after each few whether they are there, also in the file.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dir, o := t.TempDir(), boltstore.Options{NoSync: true, CompactAbove: 256 << 10}
	want, sums, head := entries{}, map[string]uint64{}, ""
	for range 8 {
		s, found, snap := load(t, dir, o)
		if d := cmp.Diff(want, found); d != "" || string(snap.Head) != head {
			t.Fatalf("head %q, want %q; entries (-want +got):\n%s", snap.Head, head, d)
		}
		for range 20 {
			c := randomChange(r, want, sums)
			head = string(c.Head)
			apply(t, s, c)
			for _, e := range c.Large {
				sums[e.Bucket+"/"+e.Key] = e.Sum
			}
		}
		if err := s.Compact(); err != nil {
			t.Fatal(err)
		}
		readAll(t, s, want, sums)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// randomChange makes a change, and the same to want.
func randomChange(r *rand.Rand, want entries, sums map[string]uint64) *journal.Change {
	c := &journal.Change{Head: fmt.Appendf(nil, "head %d", r.Uint64())}
	seen := map[string]bool{}
	for range 1 + r.IntN(4) {
		e := journal.Entry{Bucket: []string{"outbox", "lines", "another"}[r.IntN(3)], Key: strconv.Itoa(r.IntN(30))}
		name := e.Bucket + "/" + e.Key
		if _, there := want[name]; there && !seen[name] {
			e.Sum = sums[name]
			delete(want, name)
			c.Large = append(c.Large, e)
		} else if !there && !seen[name] {
			e.Value = bytes.Repeat([]byte{byte(r.IntN(256))}, 1+r.IntN(20_000))
			want[name] = string(e.Value)
			c.Large = append(c.Large, e)
		}
		seen[name] = true
	}
	for range r.IntN(10) {
		e := journal.Entry{Bucket: []string{"state", "dead", "more"}[r.IntN(3)], Key: strconv.Itoa(r.IntN(60))}
		delete(want, e.Bucket+"/"+e.Key)
		if r.IntN(3) > 0 {
			e.Value = bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(300))
			want[e.Bucket+"/"+e.Key] = string(e.Value)
		}
		c.Small = append(c.Small, e)
	}
	return c
}

func readAll(t *testing.T, s *boltstore.Store, want entries, sums map[string]uint64) {
	t.Helper()
	for name := range maps.Keys(want) {
		bucket, key := filepath.Dir(name), filepath.Base(name)
		e, err := s.Read(bucket, key)
		if err != nil || e.Value == nil || string(e.Value) != want[name] {
			t.Fatalf("%s: %d bytes, %v, want %d", name, len(e.Value), err, len(want[name]))
		}
		if sum, large := sums[name]; large && sum != e.Sum {
			t.Errorf("%s: sum %x, want %x", name, e.Sum, sum)
		}
	}
	for _, bucket := range []string{"outbox", "state", "none"} {
		if e, err := s.Read(bucket, "absent"); e.Value != nil || err != nil {
			t.Errorf("%s: %v, %v", bucket, e, err)
		}
	}
}

// TestFormat: the version of the format rises and doesn't sink, and a newer one is refused.
func TestFormat(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, boltstore.Options{})
	for _, format := range []uint32{1, 3, 2} {
		apply(t, s, &journal.Change{Format: format})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(dir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	visit := func(journal.Entry) error { return errors.New("not understood") }
	if _, err := s.Load(2, visit); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("a program that reads format 2 gets %v", err)
	}
	if _, err := s.Load(3, func(journal.Entry) error { return nil }); err != nil {
		t.Errorf("a program that reads format 3 gets %v", err)
	}
}

// TestFailedTransactions: the result of a change is right whether the disk fails before or after the change is in
// the file, and whether the file can then be opened again or not.
func TestFailedTransactions(t *testing.T) {
	for name, c := range map[string]struct {
		after, gone bool
		want, later journal.Result // the results of the first and second call
	}{
		"before":                   {want: journal.NotStored, later: journal.Stored},
		"after":                    {after: true, want: journal.Stored},
		"before, and file is away": {gone: true, want: journal.Unknown, later: journal.Stored},
		"after, and file is away":  {after: true, gone: true, want: journal.Unknown, later: journal.Stored},
	} {
		t.Run(name, func(t *testing.T) {
			dir, fail := t.TempDir(), false
			path := filepath.Join(dir, "journal.db")
			s := open(t, dir, boltstore.Fault(boltstore.Options{}, func(committed bool) error {
				if !fail || committed != c.after {
					return nil
				}
				if fail = false; c.gone {
					_ = os.Rename(path, path+".away")
				}
				return syscall.EIO
			}))
			apply(t, s, change(1))
			fail = true
			second := change(2)
			result, err := s.Apply(second)
			if result != c.want || (err == nil) != (c.want == journal.Stored) {
				t.Fatalf("got %v, %v, want %v", result, err, c.want)
			}
			if c.gone {
				if result, err := s.Apply(second); result != journal.Unknown || !errors.Is(err, os.ErrNotExist) {
					t.Fatalf("while the file is away: %v, %v", result, err)
				}
				if err := os.Rename(path+".away", path); err != nil {
					t.Fatal(err)
				}
			}
			if c.want != journal.Stored {
				if result, err := s.Apply(second); result != c.later || err != nil {
					t.Fatalf("then %v, %v", result, err)
				}
			}
			apply(t, s, change(3))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, found, snap := load(t, dir, boltstore.Options{}); len(found) != 6 || string(snap.Head) != "head 3" {
				t.Errorf("head %q, %d entries", snap.Head, len(found))
			}
		})
	}
}
