//go:build unix

package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// big is a group of about a megabyte.
func big(seq uint64) journal.Group {
	g := groupAfter(seq, "a", "b", "c")
	for i := range g.Records[journal.Logs] {
		g.Records[journal.Logs][i] = bytes.Repeat([]byte{byte('a' + i)}, 300<<10)
	}
	g.State = map[string][]byte{"last": fmt.Append(nil, g.Seq)}
	g.Lines = []byte("a\nb\nc\n")
	return g
}

// TestFailingDisk: while a disk fails, acknowledgements are accepted, and a Commit waits as long as its context.
func TestFailingDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		failures := 0
		o := journal.Options{Capacity: 1000, OnError: func(error) { failures++ }}
		dir := t.TempDir()
		j := openFaulty(t, dir, o, func() error {
			if broken.Load() {
				return syscall.EIO
			}
			return nil
		})
		commit(t, j, "a", "b", "c")
		broken.Store(true)
		start := time.Now()
		ack(t, j, next(t, j, 100, 1))
		time.Sleep(time.Minute)
		if s := j.Stats(); s.Failing == "" || s.FailingSince.Sub(start) > time.Second || failures < 10 || failures > 30 {
			t.Errorf("after %d failures: %+v", failures, s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := j.Commit(ctx, groupAfter(3, "x"))
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, journal.ErrUncertain) {
			t.Errorf("commit: %v", err)
		}
		ack(t, j, next(t, j, 100, 100))
		drained, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := j.Drained(drained); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained, but not on disk: %v", err)
		}
		broken.Store(false)
		if err := j.Drained(t.Context()); err != nil {
			t.Error(err)
		}
		commit(t, j, "d")
		broken.Store(true)
		ack(t, j, next(t, j, 100, 100))
		before := time.Now()
		if err := j.Close(); !errors.Is(err, syscall.EIO) || time.Since(before) > 10*time.Second {
			t.Errorf("close: %v after %s", err, time.Since(before))
		}
		again := openDir(t, dir, o)
		if got := texts(next(t, again, 100, 100)); got != "d" {
			t.Errorf("after the restart: %q", got)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestDiskThatHangs: a disk that answers only after the Commit gave up leaves the fate of the group uncertain.
func TestDiskThatHangs(t *testing.T) {
	for _, fails := range []error{nil, syscall.EIO} {
		synctest.Test(t, func(t *testing.T) {
			hang := false
			j := openFaulty(t, t.TempDir(), journal.Options{Capacity: 1000}, func() error {
				if hang {
					hang = false
					time.Sleep(time.Hour)
					return fails
				}
				return nil
			})
			commit(t, j, "a")
			hang = true
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := j.Commit(ctx, groupAfter(1, "b"))
			if !errors.Is(err, journal.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if err := j.Commit(t.Context(), groupAfter(1, "b")); !errors.Is(err, journal.ErrUncertain) {
				t.Errorf("again: %v", err)
			}
			time.Sleep(2 * time.Hour)
			err = j.Commit(t.Context(), groupAfter(1, "b"))
			if fails != nil && err != nil || fails == nil && !errors.Is(err, journal.ErrUncertain) {
				t.Errorf("after the answer %v of the disk: %v", fails, err)
			}
			if got := texts(next(t, j, 100, 100)); got != "a b" {
				t.Errorf("has %q", got)
			}
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFileTooLarge sets a limit for the size of files, which needs no rights.
func TestFileTooLarge(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ) // Go programs die of it otherwise
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	j := openDir(t, t.TempDir(), journal.Options{Capacity: 1 << 30})
	if err := j.Commit(t.Context(), big(0)); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = 2 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err) // a limit can always be lowered
	}
	done := make(chan error, 1)
	go func() {
		done <- errors.Join(j.Commit(t.Context(), big(3)), j.Commit(t.Context(), big(6)))
	}()
	wait.Until(t, "failing", func() bool { return strings.Contains(j.Stats().Failing, "file too large") })
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || j.Stats().Records != 9 {
		t.Errorf("%v: %+v", err, j.Stats())
	}
}

// TestCutOffWhileOpen cuts off the file that bbolt has mapped. That kills a program that isn't prepared.
func TestCutOffWhileOpen(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	for seq := range uint64(10) {
		if err := j.Commit(t.Context(), big(3*seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "journal.db"), 8192); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for {
		b, err := j.Outbox(journal.Logs).Next(ctx, 1, 1)
		if err != nil {
			break
		}
		ack(t, j, b)
	}
	if err := j.Commit(ctx, groupAfter(30, "x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("commit: %v", err)
	}
	if s := j.Stats().Failing; s == "" {
		t.Error("the error is not reported")
	}
	if err := j.Close(); err == nil {
		t.Error("closed without an error")
	}
	if _, err := open(dir, journal.Options{}, boltstore.Options{}); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("open: %v", err)
	}
}

// TestCloseWhileDiskFails: Close ends a Commit that waits for the disk, and doesn't wait for the disk itself.
func TestCloseWhileDiskFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failures atomic.Int64
		j := openFaulty(t, t.TempDir(), journal.Options{Capacity: 1000, OnError: func(error) { failures.Add(1) }},
			func() error { return syscall.EIO })
		done := make(chan error, 1)
		go func() { done <- j.Commit(t.Context(), group("a")) }()
		time.Sleep(time.Minute)
		failures.Store(0)
		if err := j.Close(); !errors.Is(err, syscall.EIO) {
			t.Errorf("close: %v", err)
		}
		if err := <-done; !errors.Is(err, journal.ErrClosed) || errors.Is(err, journal.ErrUncertain) {
			t.Errorf("commit: %v", err)
		}
		if n := failures.Load(); n > 1 {
			t.Errorf("%d more attempts", n)
		}
	})
}

// misread is a store that returns other entries than were stored.
type misread struct {
	journal.Store
	wrong atomic.Bool
}

func (m *misread) Read(bucket, key string) (journal.Entry, error) {
	e, err := m.Store.Read(bucket, key)
	if m.wrong.Load() {
		e.Sum++
	}
	return e, err
}

// TestMisreadChunk: Next doesn't return records that are not as they were stored. It retries.
func TestMisreadChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openDir(t, dir, journal.Options{Capacity: 1000})
		commit(t, j, "a")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		store, err := boltstore.Open(dir, boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := &misread{Store: store}
		m.wrong.Store(true)
		if j, err = journal.Open(m, journal.Options{Capacity: 1000}); err != nil {
			t.Fatal(err)
		}
		done := make(chan string)
		go func() {
			b, err := j.Outbox(journal.Logs).Next(t.Context(), 100, 100)
			done <- fmt.Sprint(texts(b), err)
		}()
		time.Sleep(time.Minute)
		if s := j.Stats(); !strings.Contains(s.Failing, "not as it was written") || s.FailingSince.IsZero() {
			t.Errorf("failing: %+v", s)
		}
		m.wrong.Store(false)
		if got := <-done; got != "a<nil>" {
			t.Errorf("took %s", got)
		}
		if s := j.Stats().Failing; s != "" {
			t.Errorf("still failing: %s", s)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
