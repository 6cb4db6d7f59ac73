package journal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// kinds are the two kinds of journal. They behave alike.
var kinds = []kind{
	{"memory", func(_ testing.TB, o journal.Options) *journal.Journal { return journal.NewMemory(o) }},
	{"disk", func(t testing.TB, o journal.Options) *journal.Journal {
		t.Helper()
		j, err := open(t.TempDir(), o, boltstore.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}},
}

type kind struct {
	name string
	make func(testing.TB, journal.Options) *journal.Journal
}

// open opens a journal that is closed when the test ends.
func (k kind) open(t testing.TB, capacity int64) *journal.Journal {
	t.Helper()
	return k.with(t, journal.Options{Capacity: capacity})
}

func (k kind) with(t testing.TB, o journal.Options) *journal.Journal {
	t.Helper()
	j := k.make(t, o)
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return j
}

// both runs a test with each kind of journal.
func both(t *testing.T, f func(*testing.T, kind)) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { f(t, k) })
	}
}

// bothBubbles does so in a bubble, in which time passes when nothing else happens.
func bothBubbles(t *testing.T, f func(*testing.T, kind)) {
	t.Helper()
	both(t, func(t *testing.T, k kind) {
		synctest.Test(t, func(t *testing.T) { f(t, k) })
	})
}

// group returns a group whose records have the numbers from 1 on.
func group(records ...string) journal.Group { return groupAfter(0, records...) }

func groupAfter(seq uint64, records ...string) journal.Group {
	var encoded [][]byte
	for _, r := range records {
		encoded = append(encoded, []byte(r))
	}
	return journal.Group{
		Records: map[journal.Signal][][]byte{journal.Logs: encoded},
		Emitted: len(records), Seq: seq + uint64(len(records)),
	}
}

func texts(b journal.Batch) string {
	var s []string
	for _, r := range b.Records {
		s = append(s, string(r))
	}
	return strings.Join(s, " ")
}

func commit(t *testing.T, m *journal.Journal, records ...string) {
	t.Helper()
	if err := m.Commit(t.Context(), groupAfter(m.Stats().Seq, records...)); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func next(t *testing.T, m *journal.Journal, maxBytes, maxRecords int) journal.Batch {
	t.Helper()
	b, err := m.Outbox(journal.Logs).Next(t.Context(), maxBytes, maxRecords)
	if err != nil {
		t.Fatalf("next: %v", err)
	}
	return b
}

func ack(t *testing.T, m *journal.Journal, b journal.Batch) {
	t.Helper()
	if err := m.Outbox(journal.Logs).Ack(b); err != nil {
		t.Fatalf("ack: %v", err)
	}
}

func TestNextIsOldestFirstWithinLimits(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		for name, c := range map[string]struct {
			maxBytes, maxRecords int
			want                 string
		}{
			"all":                        {100, 100, "aa bb cc dd eeeeee"},
			"by records, within a group": {100, 1, "aa"},
			"by records, across groups":  {100, 3, "aa bb cc"},
			"by bytes":                   {5, 100, "aa bb"},
			"exactly by bytes":           {6, 100, "aa bb cc"},
			"at least one by bytes":      {1, 100, "aa"},
			"at least one by records":    {100, 0, "aa"},
		} {
			t.Run(name, func(t *testing.T) {
				m := k.open(t, 100)
				commit(t, m, "aa", "bb")
				commit(t, m)
				commit(t, m, "cc")
				commit(t, m, "dd", "eeeeee")
				b := next(t, m, c.maxBytes, c.maxRecords)
				if got := texts(b); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				if again := texts(next(t, m, c.maxBytes, c.maxRecords)); again != c.want {
					t.Errorf("without an ack, got %q then", again)
				}
				ack(t, m, b)
				if left := m.Stats().Records; left != 5-len(b.Records) {
					t.Errorf("%d records left", left)
				}
			})
		}
	})
}

func TestAckInParts(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		m := k.open(t, 100)
		commit(t, m, "a", "b", "c")
		commit(t, m, "d")
		head, tail := next(t, m, 100, 100).Cut(2)
		if texts(head) != "a b" || texts(tail) != "c d" {
			t.Fatalf("cut into %q and %q", texts(head), texts(tail))
		}
		if err := m.Outbox(journal.Logs).Ack(tail); err == nil {
			t.Error("acknowledged what isn't at the front")
		}
		ack(t, m, head)
		if err := m.Outbox(journal.Logs).Ack(head); err == nil {
			t.Error("acknowledged twice")
		}
		if got := texts(next(t, m, 100, 100)); got != "c d" {
			t.Errorf("left are %q", got)
		}
		ack(t, m, tail)
		if err := m.Outbox(journal.Logs).Ack(tail); err == nil {
			t.Error("acknowledged in an empty journal")
		}
		commit(t, m, "e")
		if got := texts(next(t, m, 100, 100)); got != "e" {
			t.Errorf("got %q after it was empty", got)
		}
	})
}

func TestStats(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		m := k.open(t, 4)
		differs := func(when string, want journal.Stats) {
			t.Helper()
			got := m.Stats()
			got.FileBytes, got.Totals, got.Committed = 0, journal.Totals{}, time.Time{}
			want.Signals = map[journal.Signal]journal.SignalStats{journal.Logs: {
				Records: want.Records, Bytes: want.Bytes, Oldest: want.Oldest, Totals: got.Signals[journal.Logs].Totals,
			}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", when, d)
			}
		}
		differs("empty", journal.Stats{Capacity: 4})
		start := time.Now()
		commit(t, m, "a")
		time.Sleep(time.Second)
		second := time.Now()
		commit(t, m, "bbb")
		differs("full", journal.Stats{Records: 2, Bytes: 4, Capacity: 4, Oldest: start, Seq: 2})
		if got := m.Stats().Committed; !got.Equal(second) {
			t.Errorf("committed at %s, want %s", got, second)
		}
		go func() {
			_ = m.Commit(t.Context(), groupAfter(2, "c"))
		}()
		synctest.Wait()
		blocked := time.Now()
		time.Sleep(time.Second)
		if got := m.Stats().BlockedSince; got != blocked {
			t.Errorf("blocked since %s, want %s", got, blocked)
		}
		ack(t, m, next(t, m, 100, 1))
		synctest.Wait()
		differs("after the ack", journal.Stats{Records: 2, Bytes: 4, Capacity: 4, Oldest: second, Seq: 3})
	})
}

func TestCommitBlocksWhileFull(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		m := k.open(t, 4)
		commit(t, m, "aaa")
		var order []string
		for _, s := range []string{"large", "b"} { // the small one would fit
			go func() {
				if err := m.Commit(t.Context(), group(s)); err != nil {
					t.Error(err)
				}
				order = append(order, s)
			}()
			synctest.Wait()
		}
		if len(order) != 0 {
			t.Fatalf("committed %q to a full journal", order)
		}
		ack(t, m, next(t, m, 100, 100))
		synctest.Wait()
		if got := texts(next(t, m, 100, 100)); got != "large" {
			t.Errorf("the journal holds %q, want the group that waited first, alone", got)
		}
		ack(t, m, next(t, m, 100, 100))
		synctest.Wait()
		if want := []string{"large", "b"}; !slices.Equal(order, want) {
			t.Errorf("committed in the order %q, want %q", order, want)
		}
	})
}

func TestCommitGivesUpWithContext(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		m := k.open(t, 3)
		commit(t, m, "aaa")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		errs := make(chan error, 2)
		go func() { errs <- m.Commit(ctx, group("b", "c")) }()
		go func() { errs <- m.Commit(ctx, group("d")) }() // waits for its turn
		for range 2 {
			if err := <-errs; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		if err := m.Commit(ctx, group()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after its end, got %v", err)
		}
		if s := m.Stats(); s.Records != 1 || !s.BlockedSince.IsZero() {
			t.Errorf("a part of a group is in, or a Commit still waits: %+v", s)
		}
	})
}

func TestNextBlocksUntilThereIsSomething(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		m := k.open(t, 100)
		got := make(chan string)
		go func() {
			b, err := m.Outbox(journal.Logs).Next(t.Context(), 100, 100)
			got <- fmt.Sprint(texts(b), err)
		}()
		synctest.Wait()
		commit(t, m)
		synctest.Wait()
		commit(t, m, "a")
		if s := <-got; s != "a<nil>" {
			t.Errorf("got %s", s)
		}

		ack(t, m, next(t, m, 100, 100))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := m.Outbox(journal.Logs).Next(ctx, 100, 100); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSeal(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		m := k.open(t, 1)
		commit(t, m, "a")
		errs := make(chan error)
		go func() { errs <- m.Commit(t.Context(), group("b")) }()
		synctest.Wait()
		m.Seal()
		m.Seal()
		if err := <-errs; !errors.Is(err, journal.ErrClosed) {
			t.Errorf("blocked commit: %v", err)
		}
		if err := m.Commit(t.Context(), group("c")); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("commit: %v", err)
		}
		b := next(t, m, 100, 100)
		if texts(b) != "a" {
			t.Errorf("left is %q", texts(b))
		}
		go func() {
			_, err := m.Outbox(journal.Logs).Next(t.Context(), 100, 100)
			errs <- err
		}()
		ack(t, m, b)
		if _, err := m.Outbox(journal.Logs).Next(t.Context(), 100, 100); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("next: %v", err)
		}
		<-errs // with the record or without
	})
}

func TestDrained(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		m := k.open(t, 100)
		if err := m.Drained(t.Context()); err != nil {
			t.Errorf("empty: %v", err)
		}
		commit(t, m, "a", "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := m.Drained(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("not empty: %v", err)
		}
		done := make(chan error)
		go func() { done <- m.Drained(t.Context()) }()
		ack(t, m, next(t, m, 100, 1))
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("drained with a record left")
		default:
		}
		ack(t, m, next(t, m, 100, 1))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestConcurrently: with several committers, one consumer and little room, every record arrives once, and those of a
// committer in order.
func TestConcurrently(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		const committers, each = 4, 500
		m := k.open(t, 64)
		var wg sync.WaitGroup
		for c := range committers {
			wg.Go(func() {
				for i := range each {
					if err := m.Commit(t.Context(), group(fmt.Sprintf("%d-%04d", c, i), fmt.Sprintf("%d+%04d", c, i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		go func() {
			wg.Wait()
			m.Seal()
		}()

		next, total := make([]int, committers), 0
		for {
			b, err := m.Outbox(journal.Logs).Next(t.Context(), 30, 3)
			if errors.Is(err, journal.ErrClosed) {
				break
			}
			if s := m.Stats(); s.Bytes > s.Capacity {
				t.Fatalf("holds %d bytes, more than %d", s.Bytes, s.Capacity)
			}
			for _, r := range b.Records {
				var c, i int
				if _, err := fmt.Sscanf(strings.ReplaceAll(string(r), "+", "-"), "%d-%d", &c, &i); err != nil {
					t.Fatal(err)
				}
				if i != next[c]/2 {
					t.Fatalf("record %q of committer %d is out of order", r, c)
				}
				next[c]++
				total++
			}
			if err := m.Outbox(journal.Logs).Ack(b); err != nil {
				t.Fatal(err)
			}
		}
		if want := committers * each * 2; total != want {
			t.Errorf("got %d records, want %d", total, want)
		}
	})
}
