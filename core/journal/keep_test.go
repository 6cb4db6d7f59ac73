package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestDropOldest commits more records than there is room for.
func TestDropOldest(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		j := k.with(t, journal.Options{Capacity: 40, DropOldest: true})
		for range 4 {
			commit(t, j, "aaaaa", "bbbbb")
		}
		lent := next(t, j, 10, 100)
		for range 3 {
			commit(t, j, "ccccc", "ddddd")
		}
		if got, want := j.Dropped(), (journal.Drop{Records: 6, FirstSeq: 3, LastSeq: 8}); got != want {
			t.Errorf("dropped %+v, want %+v", got, want)
		}
		ack(t, j, lent)
		if got := texts(next(t, j, 20, 100)); got != "ccccc ddddd ccccc ddddd" {
			t.Errorf("left are %q", got)
		}
		g := groupAfter(j.Stats().Seq, "it was")
		g.Announced = 4
		if err := j.Commit(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if got := j.Dropped(); got.Records != 2 {
			t.Errorf("after 4 were announced: %+v", got)
		}
		o := j.Stats().Signals[journal.Logs].Totals
		if o.Dropped != 6 || o.Committed != o.Acknowledged+o.Dropped+uint64(j.Stats().Records) {
			t.Errorf("totals %+v", o)
		}
	})
}

// TestDropsWhileAnnouncing: records that are dropped to make room for an announcement are left to the next one, with a
// range of their own.
func TestDropsWhileAnnouncing(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		j := k.with(t, journal.Options{Capacity: 20, DropOldest: true})
		for range 3 {
			commit(t, j, "aaaaa", "bbbbb")
		}
		announced := j.Dropped()
		if want := (journal.Drop{Records: 2, FirstSeq: 1, LastSeq: 2}); announced != want {
			t.Errorf("dropped %+v, want %+v", announced, want)
		}
		g := groupAfter(j.Stats().Seq, "drop!", "more!")
		g.Announced = announced.Records
		if err := j.Commit(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if got, want := j.Dropped(), (journal.Drop{Records: 2, FirstSeq: 3, LastSeq: 4}); got != want {
			t.Errorf("then dropped %+v, want %+v", got, want)
		}
	})
}

// TestDropOldestNeverBlocks: a consumer that keeps its batch doesn't hold up commits.
func TestDropOldestNeverBlocks(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		j := k.with(t, journal.Options{Capacity: 100, DropOldest: true})
		commit(t, j, "first")
		b := next(t, j, 1000, 1000)
		for range 20 {
			commit(t, j, string(bytes.Repeat([]byte("x"), 90)))
			if s := j.Stats(); s.Bytes > 200 {
				t.Fatalf("grows to %d", s.Bytes)
			}
		}
		commit(t, j, string(bytes.Repeat([]byte("y"), 500)))
		ack(t, j, b)
		if got := next(t, j, 1000, 1000).Records; len(got) != 1 || len(got[0]) != 500 {
			t.Errorf("left are %q", got)
		}
	})
}

// TestDeadLetters refuses records, lists, resends and discards them.
func TestDeadLetters(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 12})
	commit(t, j, "aaa", "bbb", "ccc", "ddd")
	head, rest := next(t, j, 100, 100).Cut(1)
	if err := j.Outbox(journal.Logs).Refuse(rest, "several"); err == nil {
		t.Error("refused several at once, not at the front")
	}
	if err := j.Outbox(journal.Logs).Refuse(head, "bad a"); err != nil {
		t.Fatal(err)
	}
	head, rest = rest.Cut(1)
	ack(t, j, head)
	head, rest = rest.Cut(1)
	if err := j.Outbox(journal.Logs).Refuse(head, "bad c"); err != nil {
		t.Fatal(err)
	}
	ack(t, j, rest)
	list := func(want ...string) {
		t.Helper()
		var got []string
		for d, err := range j.Outbox(journal.Logs).DeadLetters() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%d %s: %s", d.Seq, d.Reason, d.Record))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("dead letters (-want +got):\n%s", d)
		}
	}
	list("1 bad a: aaa", "3 bad c: ccc")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openDir(t, dir, journal.Options{Capacity: 6})
	list("1 bad a: aaa", "3 bad c: ccc")
	if s := j.Stats(); s.DeadRecords != 2 || s.DeadBytes != 6 || s.Signals[journal.Logs].Totals.Dead != 2 {
		t.Errorf("%+v", s)
	}
	done := make(chan error, 1)
	go func() { done <- j.Commit(t.Context(), groupAfter(4, "eee")) }()
	wait.Until(t, "blocked", func() bool { return !j.Stats().BlockedSince.IsZero() })
	if n, err := j.Outbox(journal.Logs).Resend(3); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	list("1 bad a: aaa")
	b := next(t, j, 100, 100)
	for r, err := range j.Outbox(journal.Logs).Waiting() {
		if r.Seq != 3 || string(r.Data) != "ccc" || err != nil {
			t.Errorf("waits: %+v, %v", r, err)
		}
	}
	ack(t, j, b)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n, err := j.Outbox(journal.Logs).Discard(1, 77); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	list()
	want := journal.SinkTotals{Committed: 5, Acknowledged: 3, Dropped: 1}
	if got := j.Stats().Signals[journal.Logs].Totals; got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

// TestMemoryCountsDeadLetters: a journal in memory keeps no dead letters.
func TestMemoryCountsDeadLetters(t *testing.T) {
	j := journal.NewMemory(journal.Options{Capacity: 3})
	commit(t, j, "aaa")
	if err := j.Outbox(journal.Logs).Refuse(next(t, j, 1, 1), "bad"); err != nil {
		t.Fatal(err)
	}
	commit(t, j, "bbb")
	for d := range j.Outbox(journal.Logs).DeadLetters() {
		t.Errorf("keeps %+v", d)
	}
	if n, err := j.Outbox(journal.Logs).Resend(); n != 0 || err != nil {
		t.Error(n, err)
	}
	s := j.Stats()
	if s.DeadRecords != 1 || s.DeadBytes != 0 || s.Signals[journal.Logs].Totals.Dead != 1 || s.Records != 1 {
		t.Errorf("%+v", s)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if err := j.Outbox(journal.Logs).Ack(journal.Batch{}); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("ack: %v", err)
	}
}

// TestLines: lines that were committed and not written come back after a restart.
func TestLines(t *testing.T) {
	dir := t.TempDir()
	j := openDir(t, dir, journal.Options{Capacity: 1 << 30})
	long := bytes.Repeat([]byte("a line of some length\n"), 30_000)
	for seq, lines := range [][]byte{long, []byte("second\n")} {
		g := groupAfter(uint64(seq), "r")
		if g.Lines = lines; seq == 1 {
			j.Written()
		}
		if err := j.Commit(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openDir(t, dir, journal.Options{Capacity: 1 << 30})
	if got := string(j.Unwritten()); got != "second\n" {
		t.Errorf("unwritten are %.40q", got)
	}
	g := groupAfter(2, "r")
	g.Lines = long
	if err := j.Commit(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openDir(t, dir, journal.Options{Capacity: 1 << 30})
	if got := j.Unwritten(); !bytes.Equal(got, slices.Concat([]byte("second\n"), long)) {
		t.Errorf("unwritten are %d bytes", len(got))
	}
	j.Written()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openDir(t, dir, journal.Options{Capacity: 1 << 30})
	if got := j.Unwritten(); len(got) > 0 || j.Stats().Totals.Stdout.Acknowledged != 3 {
		t.Errorf("unwritten are %d bytes, totals %+v", len(got), j.Stats().Totals)
	}
}

// TestCompaction: the file of a journal that was filled and drained gets small again.
func TestCompaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openDir(t, dir, journal.Options{Capacity: 1 << 30}, boltstore.Options{NoSync: true, CompactAbove: 1 << 20})
		for seq := range uint64(8) {
			g := big(3 * seq)
			g.State["empty"] = []byte{}
			if err := j.Commit(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		}
		j.Written()
		grown := j.Stats().FileBytes
		for j.Stats().Records > 0 {
			b := next(t, j, 1<<30, 7)
			j.Outbox(journal.Logs).Sent(len(b.Records))
			ack(t, j, b)
		}
		if err := j.Drained(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if small := j.Stats().FileBytes; grown < 4<<20 || small > 1<<20 {
			t.Errorf("grew to %d, shrank to %d", grown, small)
		}
		commit(t, j, "after")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "journal.db.tmp")); err == nil {
			t.Error("the copy is still there")
		}
		j = openDir(t, dir, journal.Options{Capacity: 1 << 30})
		c, err := contentsOf(j)
		if err == nil {
			err = c.balance()
		}
		want := map[string]string{"last": "24", "empty": ""}
		if d := cmp.Diff(want, c.State); err != nil || d != "" || len(c.of(journal.Logs).Waiting) != 1 {
			t.Errorf("%v, %v\n%s", err, c.of(journal.Logs).Waiting, d)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestBacklogIsNotInMemory commits a large backlog to a file.
func TestBacklogIsNotInMemory(t *testing.T) {
	j := openDir(t, t.TempDir(), journal.Options{Capacity: 1 << 30}, boltstore.Options{NoSync: true})
	before := heap()
	for seq := range uint64(100) {
		if err := j.Commit(t.Context(), big(3*seq)); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > 12<<20 {
		t.Errorf("%d bytes in memory for a backlog of %d", grown, j.Stats().Bytes)
	}
	runtime.KeepAlive(j)
}
