package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// TestOneHead: if one of the two heads of the file is damaged, the journal opens with the other one, and reports that.
func TestOneHead(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 20})
	commit(t, j, "a")
	commit(t, j, "b")
	if j.Stats().HeadDamaged {
		t.Error("a new journal has a damaged head")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "journal.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[40] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	j = openDir(t, dir, journal.Options{Capacity: 1 << 20})
	if s := j.Stats(); !s.HeadDamaged || s.Failing != "" {
		t.Errorf("stats %+v", s)
	}
}

// TestMoved: Stats reports that the file of an open journal was moved away.
func TestMoved(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 20})
	commit(t, j, "a")
	path := filepath.Join(dir, "journal.db")
	if err := os.Rename(path, path+".bak"); err != nil {
		t.Fatal(err)
	}
	if s := j.Stats(); !strings.Contains(s.Failing, path+" was moved or removed") {
		t.Errorf("failing: %q", s.Failing)
	}
}

// TestClockSetBack: a journal from the future can be used like any other. The order is that of the numbers, and ages
// are not negative.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 20})
	commit(t, j, "a")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // in the year 2000
		j := openDir(t, dir, journal.Options{Capacity: 1 << 20})
		if s := j.Stats(); s.Oldest.After(time.Now()) || s.Committed.After(time.Now()) || s.Oldest.IsZero() {
			t.Errorf("oldest %s and committed %s, now %s", s.Oldest, s.Committed, time.Now())
		}
		commit(t, j, "b")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
	j = openDir(t, dir, journal.Options{Capacity: 1 << 20})
	commit(t, j, "c")
	if got := texts(next(t, j, 100, 100)); got != "a b c" {
		t.Errorf("got %q", got)
	}
}
