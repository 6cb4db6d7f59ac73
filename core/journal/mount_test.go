//go:build linux

package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
	"github.com/pod-status-logger/pod-status-logger/test/need"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// tinyDisk is a file system of its own.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		need.Missing(t, "mounting a tmpfs, which root may", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no room on a disk until empty is called.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// TestDiskFull fills a real disk under a journal. The journal continues once there is room, and nothing is lost.
func TestDiskFull(t *testing.T) {
	dir := tinyDisk(t, "8m")
	var failures atomic.Int64
	o := journal.Options{Capacity: 1 << 30, OnError: func(err error) {
		failures.Add(1)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("unexpected error: %v", err)
		}
	}}
	j := openDir(t, dir, o)
	for seq := range uint64(2) {
		if err := j.Commit(t.Context(), big(3*seq)); err != nil {
			t.Fatal(err)
		}
	}
	empty := fill(t, dir)
	blocked := make(chan error, 1)
	go func() { blocked <- j.Commit(t.Context(), big(6)) }()
	wait.Until(t, "failing", func() bool { return j.Stats().Failing != "" && failures.Load() > 1 })
	if s := j.Stats(); s.FailingSince.IsZero() || !strings.Contains(s.Failing, "no space left") || s.Records != 6 {
		t.Errorf("while it fails: %+v", s)
	}
	ack(t, j, next(t, j, 1, 1)) // which is read from the file, and needs no room
	j.Written()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := j.Commit(ctx, groupAfter(9, "late")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("another commit: %v", err)
	}
	empty()
	if err := <-blocked; err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "well", func() bool { return j.Stats().Failing == "" && j.Stats().FailingSince.IsZero() })
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openDir(t, dir, o)
	if s := j.Stats(); s.Records != 8 || s.Seq != 9 || string(j.Unwritten()) != "a\nb\nc\n" {
		t.Errorf("after the restart: %+v", s)
	}
	for i, want := range "bcabcabc" {
		b := next(t, j, 1, 1)
		if len(b.Records[0]) != 300<<10 || b.Records[0][0] != byte(want) {
			t.Fatalf("record %d is %.10q", i, b.Records[0])
		}
		ack(t, j, b)
	}
}

// TestDiskFullGivesUp: nothing of a group is stored if the context of its Commit ends while the disk is full.
func TestDiskFullGivesUp(t *testing.T) {
	dir := tinyDisk(t, "4m")
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	if err := j.Commit(t.Context(), big(0)); err != nil {
		t.Fatal(err)
	}
	empty := fill(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := j.Commit(ctx, big(3)); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, journal.ErrUncertain) {
		t.Errorf("got %v", err)
	}
	if s := j.Stats(); s.Records != 3 || s.Seq != 3 {
		t.Errorf("a part is in: %+v", s)
	}
	empty()
	if err := j.Commit(t.Context(), groupAfter(3, "next")); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if s := openDir(t, dir, journal.Options{Capacity: 1 << 30}).Stats(); s.Records != 4 || s.Totals.Emitted != 4 {
		t.Errorf("after the restart: %+v", s)
	}
}

// TestFullDiskIsEnough: on a full disk, acknowledged records make room for new ones within the file.
func TestFullDiskIsEnough(t *testing.T) {
	dir := tinyDisk(t, "16m")
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	seq := uint64(0)
	for ; seq < 12; seq += 3 {
		if err := j.Commit(t.Context(), big(seq)); err != nil {
			t.Fatal(err)
		}
	}
	ack(t, j, next(t, j, 1<<30, 12))
	if err := j.Drained(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer fill(t, dir)()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), wait.Patience)
		if err := j.Commit(ctx, groupAfter(seq, "small", "ones")); err != nil {
			t.Fatal(err, j.Stats().Failing)
		}
		cancel()
		seq += 2
		j.Written()
		ack(t, j, next(t, j, 1<<20, 100))
	}
	if s := j.Stats().Failing; s != "" {
		t.Error(s)
	}
}

// TestReadOnlyDisk opens a journal on a file system that can't be written to.
func TestReadOnlyDisk(t *testing.T) {
	dir := tinyDisk(t, "4m")
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	if err := j.Commit(t.Context(), groupAfter(0, "a")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		need.Missing(t, "mounting a tmpfs anew, which root may", err)
	}
	_, err := open(dir, journal.Options{}, boltstore.Options{})
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), dir) {
		t.Errorf("write: %v", err)
	}
	r, err := openReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(next(t, r, 100, 100)); got != "a" {
		t.Errorf("read %q", got)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if got := texts(next(t, openDir(t, dir, journal.Options{Capacity: 1}), 100, 100)); got != "a" {
		t.Errorf("then %q", got)
	}
}
