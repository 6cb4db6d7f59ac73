package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// TestOneHead: where one of the two heads of the file is damaged, the journal opens
// with what the other one says, and tells so.
func TestOneHead(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
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
	j = open(t, dir)
	defer func() { _ = j.Close() }()
	if s := j.Stats(); !s.HeadDamaged || s.Failing != "" {
		t.Errorf("stats %+v", s)
	}
}

// TestMoved: a file that is moved away under an open journal is noticed.
func TestMoved(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	defer func() { _ = j.Close() }()
	commit(t, j, "a")
	path := filepath.Join(dir, "journal.db")
	if err := os.Rename(path, path+".bak"); err != nil {
		t.Fatal(err)
	}
	if s := j.Stats(); !strings.Contains(s.Failing, path+" was moved or removed") {
		t.Errorf("failing: %q", s.Failing)
	}
}

func open(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{Capacity: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestClockSetBack: a journal of the future goes on as any other: order is that of
// the numbers, and nothing is older than no time at all.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	commit(t, j, "a")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // where it is the year 2000
		j := open(t, dir)
		if s := j.Stats(); s.Oldest.After(time.Now()) || s.Committed.After(time.Now()) || s.Oldest.IsZero() {
			t.Errorf("oldest %s and committed %s, now %s", s.Oldest, s.Committed, time.Now())
		}
		commit(t, j, "b")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
	j = open(t, dir)
	defer func() { _ = j.Close() }()
	commit(t, j, "c")
	if got := texts(next(t, j, 100, 100)); got != "a b c" {
		t.Errorf("got %q", got)
	}
}

// TestPipe: what is no file is refused, and not waited for.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "journal.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.OpenReadOnly(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("to read: %v", err)
	}
	if _, err := journal.Open(dir, journal.Options{Capacity: 1}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("to write: %v", err)
	}
}
