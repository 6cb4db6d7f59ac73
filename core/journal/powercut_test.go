package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

const (
	sector = 512
	page   = 4096
)

// moment is the file after a transaction, and its expected contents.
type moment struct {
	file []byte
	want *contents
}

// moments makes a journal with a history of transactions that contain something of everything.
func moments(t *testing.T, seed uint64, transactions int) []moment {
	t.Helper()
	dir := t.TempDir()
	o := journal.FlushDelay(journal.Options{Capacity: 1 << 30}, time.Hour)
	if o.DropOldest = seed%2 == 1; o.DropOldest {
		o.Capacity = 60_000
	}
	j, err := open(dir, o, boltstore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	m := newModel(t, j, seed)
	m.drop = o.DropOldest
	var all []moment
	note := func() {
		file, err := os.ReadFile(filepath.Join(dir, "journal.db"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, moment{file, m.want.clone()})
	}
	note()
	for i := range transactions {
		for range m.rand.IntN(4) {
			m.step()
		}
		if j.Stats().Bytes > 60_000 {
			m.emptied() // so that the file doesn't only grow
		}
		most := 6
		if i%7 == 3 {
			most = 120
		}
		m.commit(most)
		note()
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// outcomes counts the files that a power cut left by their fate.
type outcomes struct{ before, after, earlier, refused int }

func (o *outcomes) opened() int { return o.before + o.after + o.earlier }

// cut opens a file and returns the index of its moment, or -1 if the file is refused as damaged. Anything else fails
// the test.
func cut(t *testing.T, dir string, file []byte, all []moment) int {
	t.Helper()
	path := filepath.Join(dir, "journal.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := open(dir, journal.Options{Capacity: 1 << 30}, boltstore.Options{NoSync: true})
	if err != nil {
		if !errors.Is(err, journal.ErrDamaged) {
			t.Fatalf("refused with %v: %d bytes, from %x", err, len(file), file[:min(len(file), 160)])
		}
		return -1
	}
	defer j.Close()
	got, err := contentsOf(j)
	if err != nil {
		t.Fatal(err)
	}
	for i := range slices.Backward(all) {
		if all[i].want.Seq == got.Seq && same(all[i].want, got) == nil {
			goOn(t, j, got.Seq)
			return i
		}
	}
	t.Fatalf("contents that never were: %+v", got)
	return -1
}

// goOn uses a journal that was opened.
func goOn(t *testing.T, j *journal.Journal, seq uint64) {
	t.Helper()
	g := groupAfter(seq, "more")
	g.Lines = []byte("more\n")
	ctx, cancel := context.WithTimeout(t.Context(), wait.Patience)
	defer cancel()
	if err := j.Commit(ctx, g); err != nil {
		t.Fatal(err, j.Stats().Failing)
	}
	ack(t, j, next(t, j, 1<<20, 1000))
}

// TestPowerCut builds the files that a power cut can leave between one transaction and the next, on disks that keep the
// promises of fsync and on others. Each is opened as the content of some transaction, or refused. A disk that keeps its
// promises never costs more than the transaction that was under way.
func TestPowerCut(t *testing.T) {
	cases := map[string]*outcomes{}
	for seed := range uint64(4) {
		all := moments(t, seed, 40)
		r := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		count := func(name string, k int, file []byte) int {
			o := cases[name]
			if o == nil {
				o = &outcomes{}
				cases[name] = o
			}
			got := cut(t, dir, file, all[:k+2])
			switch got {
			case -1:
				o.refused++
			case k:
				o.before++
			case k + 1:
				o.after++
			default:
				o.earlier++
			}
			return got
		}
		for k := range all[:len(all)-1] {
			a, b := all[k].file, all[k+1].file
			for range 3 {
				if got := count("obedient, before the meta page", k, mix(r, a, b, dataOnly, sector)); got != k {
					t.Fatalf("seed %d, transaction %d: opened as %d", seed, k, got)
				}
			}
			if got := count("obedient, all but a part of the meta page", k, tornMeta(r, a, b)); got != k && got != k+1 {
				t.Fatalf("seed %d, transaction %d: opened as %d", seed, k, got)
			}
			if got := count("obedient, all", k, b); got != k+1 {
				t.Fatalf("seed %d, transaction %d: opened as %d", seed, k, got)
			}
			for range 2 {
				count("disobedient, any sectors", k, mix(r, a, b, everything, sector))
				count("disobedient, any pages", k, mix(r, a, b, everything, page))
			}
			old := all[max(0, k-3)].file
			count("disobedient, older pages", k, mix(r, b, old, everything, page))
			count("cut off", k, b[:r.IntN(len(b))])
			count("end of zeros", k, zeroTail(r, b))
			count("flipped bits", k, flip(r, b))
		}
	}
	report(t, cases)
}

func report(t *testing.T, cases map[string]*outcomes) {
	t.Helper()
	var sum outcomes
	for name, o := range cases {
		t.Logf("%-42s %4d as before, %4d as after, %4d as earlier, %4d refused",
			name, o.before, o.after, o.earlier, o.refused)
		sum.before, sum.after = sum.before+o.before, sum.after+o.after
		sum.earlier, sum.refused = sum.earlier+o.earlier, sum.refused+o.refused
	}
	t.Logf("%d files, of which %d were opened and %d refused", sum.opened()+sum.refused, sum.opened(), sum.refused)
	if sum.opened()+sum.refused < 1000 || sum.opened() < 500 || sum.refused < 50 {
		t.Error("this shows nothing")
	}
}

// The parts of a file that a mix may take from the later one.
func dataOnly(offset int) bool { return offset >= 2*page }
func everything(int) bool      { return true }

// mix is the file a with some of the pieces in which b differs.
func mix(r *rand.Rand, a, b []byte, may func(offset int) bool, piece int) []byte {
	n := len(a)
	if r.IntN(2) == 0 {
		n = max(len(a), len(b))
	}
	out := make([]byte, n)
	copy(out, a)
	share := r.IntN(101)
	for at := 0; at+piece <= min(len(out), len(b)); at += piece {
		if may(at) && r.IntN(100) < share {
			copy(out[at:at+piece], b[at:at+piece])
		}
	}
	return out
}

// tornMeta is b with only a part of the bytes of its new meta page.
func tornMeta(r *rand.Rand, a, b []byte) []byte {
	out := bytes.Clone(b)
	at := r.IntN(120)
	for meta := 0; meta < 2*page; meta += page {
		copy(out[meta+at:meta+page], a[meta+at:meta+page])
	}
	return out
}

func zeroTail(r *rand.Rand, b []byte) []byte {
	out := bytes.Clone(b)
	clear(out[r.IntN(len(out)):])
	return out
}

func flip(r *rand.Rand, b []byte) []byte {
	out := bytes.Clone(b)
	for range 1 + r.IntN(3) {
		out[r.IntN(len(out))] ^= 1 << r.IntN(8)
	}
	return out
}

// TestCopiesOfALiveFile copies the file piece by piece while it is written, as a backup would. No copy is opened with
// contents that never were.
func TestCopiesOfALiveFile(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	j, err := open(dir, journal.Options{Capacity: 2000, DropOldest: true}, boltstore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for seq := uint64(0); ; seq++ {
			select {
			case <-stop:
				return
			default:
			}
			g := groupAfter(seq, fmt.Sprintf("r%d", seq+1))
			g.State = map[string][]byte{
				"last": fmt.Append(nil, seq+1), fmt.Sprintf("p%d", seq%50): bytes.Repeat([]byte("x"), 300),
			}
			if err := j.Commit(t.Context(), g); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	opened, refused := 0, 0
	for i := range 150 {
		copyInPieces(t, filepath.Join(dir, "journal.db"), filepath.Join(other, "journal.db"), i%3 == 0)
		if consistent(t, other) {
			opened++
		} else {
			refused++
		}
	}
	close(stop)
	<-done
	t.Logf("%d copies were opened, %d refused", opened, refused)
}

// copyInPieces reads the data first, or the meta pages.
func copyInPieces(t *testing.T, from, to string, dataFirst bool) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, info.Size())
	for i := range len(b) / page {
		at := i * page
		if dataFirst {
			at = len(b) - page - at
		}
		if _, err := f.ReadAt(b[at:at+page], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// consistent opens a copy. It must have every record up to the last one, whose number is in the state.
func consistent(t *testing.T, dir string) bool {
	t.Helper()
	j, err := open(dir, journal.Options{Capacity: 1 << 20}, boltstore.Options{NoSync: true})
	if errors.Is(err, journal.ErrDamaged) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	c, err := contentsOf(j)
	if err == nil {
		err = c.balance()
	}
	if err != nil {
		t.Fatal(err)
	}
	if last := strconv.FormatUint(c.Seq, 10); c.Seq > 0 && c.State["last"] != last {
		t.Fatalf("the last record is %s, in the state it is %s", last, c.State["last"])
	}
	waiting := c.of(journal.Logs).Waiting
	for i, r := range waiting {
		if want := c.Seq - uint64(len(waiting)-1-i); r != fmt.Sprintf("%d r%d", want, want) {
			t.Fatalf("record %d is %q", want, r)
		}
	}
	return true
}
