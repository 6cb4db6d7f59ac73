package journal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// commitBoth commits records of both signals, separated by spaces.
func commitBoth(t *testing.T, j *journal.Journal, logs, others string) {
	t.Helper()
	if err := j.Commit(t.Context(), groupOfBoth(j.Stats().Seq, logs, others)); err != nil {
		t.Fatal(err)
	}
}

func groupOfBoth(seq uint64, logs, others string) journal.Group {
	g := groupAfter(seq, strings.Fields(logs)...)
	for r := range strings.FieldsSeq(others) {
		g.Records[second] = append(g.Records[second], []byte(r))
	}
	return g
}

// listOf lists the waiting records of a signal, with their numbers.
func listOf(t *testing.T, j *journal.Journal, s journal.Signal) string {
	t.Helper()
	waiting, _, err := recordsOf(j.Outbox(s))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(waiting, ", ")
}

func takeOf(t *testing.T, j *journal.Journal, s journal.Signal, n int) journal.Batch {
	t.Helper()
	b, err := j.Outbox(s).Next(t.Context(), 1<<20, n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTwoConsumers: each signal has a consumer, numbers and totals of its own.
func TestTwoConsumers(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		j := k.open(t, 1000)
		commitBoth(t, j, "a b c", "x y")
		commitBoth(t, j, "", "z")
		commitBoth(t, j, "d", "")
		logs, others := takeOf(t, j, journal.Logs, 100), takeOf(t, j, second, 100)
		if texts(logs) != "a b c d" || texts(others) != "x y z" {
			t.Fatalf("took %q and %q", texts(logs), texts(others))
		}
		first, rest := others.Cut(2)
		if err := j.Outbox(second).Ack(first); err != nil {
			t.Fatal(err)
		}
		if err := j.Outbox(second).Refuse(rest, "odd"); err != nil {
			t.Fatal(err)
		}
		if got := listOf(t, j, journal.Logs) + "; " + listOf(t, j, second); got != "1 a, 2 b, 3 c, 4 d; " {
			t.Errorf("then %s wait", got)
		}
		ack(t, j, logs)
		s := j.Stats()
		if got, want := s.Signals[second].Totals, (journal.SinkTotals{Committed: 3, Acknowledged: 2, Dead: 1}); got != want {
			t.Errorf("second: %+v, want %+v", got, want)
		}
		if got, want := s.Signals[journal.Logs].Totals, (journal.SinkTotals{Committed: 4, Acknowledged: 4}); got != want {
			t.Errorf("logs: %+v, want %+v", got, want)
		}
		if s.Records != 0 || s.DeadRecords != 1 || s.Signals[second].DeadRecords != 1 {
			t.Errorf("together: %+v", s)
		}
	})
}

// TestSignalsShareCapacity: a signal that nobody takes blocks the other, and its consumer makes room for it.
func TestSignalsShareCapacity(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		j := k.open(t, 100)
		commitBoth(t, j, "a", strings.Repeat("x", 99))
		ready := map[journal.Signal]<-chan struct{}{}
		for _, s := range []journal.Signal{journal.Logs, second} {
			ready[s] = j.Outbox(s).Ready(time.Now().Add(time.Hour), 1000, 100)
		}
		<-ready[second] // a quarter of the capacity
		done := make(chan error, 1)
		go func() { done <- j.Commit(t.Context(), groupAfter(1, "b")) }()
		<-ready[journal.Logs] // because a commit waits
		if err := j.Outbox(second).Ack(takeOf(t, j, second, 1)); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		commitBoth(t, j, "", "y")
		drained := make(chan error, 1)
		go func() { drained <- j.Drained(t.Context()) }()
		ack(t, j, takeOf(t, j, journal.Logs, 2))
		if err := j.Drained(t.Context(), journal.Logs); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		select {
		case <-drained:
			t.Fatal("drained with a record left")
		default:
		}
		if err := j.Outbox(second).Ack(takeOf(t, j, second, 1)); err != nil {
			t.Fatal(err)
		}
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
	})
}

// TestDropOldestOfAll: the oldest go first, whichever signal they are of, but neither those that a consumer has nor
// any for a dead letter that could go instead.
func TestDropOldestOfAll(t *testing.T) {
	bothBubbles(t, func(t *testing.T, k kind) {
		j := k.with(t, journal.Options{Capacity: 48, DropOldest: true})
		commitBoth(t, j, "aaaaaa", "")
		commitBoth(t, j, "", "wwwwww")
		refused := takeOf(t, j, second, 1)
		time.Sleep(time.Second)
		if err := j.Outbox(second).Refuse(refused, "odd"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ logs, others string }{
			{"", "xxxxxx"}, {"bbbbbb", ""}, {"", "yyyyyy"}, {"cccccc", ""}, {"", "zzzzzz"},
		} {
			commitBoth(t, j, c.logs, c.others)
		}
		takeOf(t, j, journal.Logs, 1) // a
		for range 4 {
			commitBoth(t, j, "dddddd", "")
		}
		// A journal in memory only counts dead letters, so they take no room in it.
		want := "1 aaaaaa, 3 cccccc, 4 dddddd, 5 dddddd, 6 dddddd, 7 dddddd"
		if got := listOf(t, j, journal.Logs); got != want {
			t.Errorf("logs: %s, want %s", got, want)
		}
		if got, want := listOf(t, j, second), "3 yyyyyy, 4 zzzzzz"; got != want {
			t.Errorf("second: %s, want %s", got, want)
		}
		if got, want := j.Dropped(), (journal.Drop{Records: 1, FirstSeq: 2, LastSeq: 2}); got != want {
			t.Errorf("to announce: %+v, want %+v", got, want)
		}
		for name, s := range j.Stats().Signals {
			if s.Totals.Waiting() != uint64(s.Records) {
				t.Errorf("%s: %d wait, totals %+v", name, s.Records, s.Totals)
			}
		}
	})
}

// TestFormatRises: a journal is of the first format until it gets a record of another signal, so that until then an
// older program can read it. From then on that program refuses it.
func TestFormatRises(t *testing.T) {
	dir := firstFormat(t)
	formats := func() (first, newest error) {
		var errs []error
		for _, version := range []uint32{1, 2} {
			s, err := boltstore.OpenReadOnly(dir)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Load(version, func(journal.Entry) error { return nil })
			errs = append(errs, err)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return errs[0], errs[1]
	}
	for i, others := range []string{"", "x", ""} {
		j := openDir(t, dir, journal.Options{Capacity: 1 << 20})
		j.Outbox(second)
		commitBoth(t, j, "a", others)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		first, newest := formats()
		if newest != nil || (first != nil) != (i > 0) || first != nil && !errors.Is(first, journal.ErrNewer) {
			t.Errorf("commit %d: format 1 gets %v, format 2 %v", i, first, newest)
		}
	}
	c, err := contentsOf(openDir(t, dir, journal.Options{}))
	if err == nil {
		err = c.balance()
	}
	if got := c.of(second).Waiting; err != nil || !slices.Equal(got, []string{"1 x"}) {
		t.Errorf("%v; of second %q wait", err, got)
	}
}

// TestBadGroups: groups that make no sense are refused.
func TestBadGroups(t *testing.T) {
	j := journal.NewMemory(journal.Options{Capacity: 1000})
	record, long := [][]byte{{1}}, strings.Repeat("x", 101)
	for what, g := range map[string]journal.Group{
		"more records than numbers": {Records: map[journal.Signal][][]byte{journal.Logs: record}, Seq: 1},
		"numbers below 1":           {Emitted: 2, Seq: 1},
		"an empty key":              {State: map[string][]byte{"": {}}},
		"no name":                   {Records: map[journal.Signal][][]byte{"": record}},
		"a long name":               {Records: map[journal.Signal][][]byte{journal.Signal(long): record}},
	} {
		if err := j.Commit(t.Context(), g); err == nil || !strings.HasPrefix(err.Error(), "commit group: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestLentTogether: with drop-oldest, the consumers of all signals have half of the capacity at most.
func TestLentTogether(t *testing.T) {
	both(t, func(t *testing.T, k kind) {
		j := k.with(t, journal.Options{Capacity: 40, DropOldest: true})
		commitBoth(t, j, "aa bb cc dd ee ff gg", "rr ss tt uu vv ww xx")
		if got := texts(takeOf(t, j, journal.Logs, 100)) + ", " + texts(takeOf(t, j, second, 100)); got !=
			"aa bb cc dd ee, rr ss tt uu vv" {
			t.Errorf("lent are %s", got)
		}
	})
}

// TestDropOldestDeadLetter: the dead letter that was refused first goes first, whichever signal it is of.
func TestDropOldestDeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openDir(t, dir, journal.Options{Capacity: 12, DropOldest: true})
		commitBoth(t, j, "aaaa", "xxxx")
		for _, s := range []journal.Signal{second, journal.Logs} {
			if err := j.Outbox(s).Refuse(takeOf(t, j, s, 1), "odd"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if err := j.Close(); err != nil { // the order outlasts a restart
			t.Fatal(err)
		}
		j = openDir(t, dir, journal.Options{Capacity: 12, DropOldest: true})
		commitBoth(t, j, "bbbbbb", "")
		s := j.Stats().Signals
		if s[second].DeadRecords != 0 || s[journal.Logs].DeadRecords != 1 || s[second].Totals.Dropped != 1 {
			t.Errorf("left are %+v", s)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
