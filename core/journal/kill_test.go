package journal_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// The test binary can be the program that is killed.
var victimDir = flag.String("victim", "", "work on the journal in this directory until killed")

func TestMain(m *testing.M) {
	flag.Parse()
	if *victimDir != "" {
		victim(*victimDir)
		return
	}
	goleak.VerifyTestMain(m)
}

// victim commits records of two signals, takes, acknowledges, refuses and resends them, and prints each step when it is
// done.
func victim(dir string) {
	j, err := open(dir, journal.Options{Capacity: 1 << 20}, boltstore.Options{CompactAbove: 64 << 10})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	go consume(j, journal.Logs)
	go consume(j, second)
	stats := j.Stats()
	other := stats.Signals[second].Totals.Committed
	for seq := stats.Seq; ; {
		n := 1 + rand.IntN(40)
		g := journal.Group{
			Emitted: n, Seq: seq + uint64(n), State: map[string][]byte{}, Records: map[journal.Signal][][]byte{},
		}
		for seq < g.Seq {
			seq++
			r := fmt.Appendf(nil, "%d", seq)
			g.Records[journal.Logs] = append(g.Records[journal.Logs], r)
			g.Lines = fmt.Appendf(g.Lines, "%s\n", r)
		}
		for range rand.IntN(10) {
			other++
			g.Records[second] = append(g.Records[second], fmt.Appendf(nil, "%d", other))
		}
		g.State["last"] = fmt.Append(nil, seq)
		g.State["last of second"] = fmt.Append(nil, other)
		g.State[fmt.Sprintf("pod-%d", rand.IntN(300))] = make([]byte, rand.IntN(500))
		if err := j.Commit(context.Background(), g); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Printf("committed %d\n", seq)
		j.Written()
	}
}

// consume is the consumer of a signal.
func consume(j *journal.Journal, signal journal.Signal) {
	o := j.Outbox(signal)
	for n := 0; ; n++ {
		b, err := o.Next(context.Background(), 2000, 1+n%20)
		if err != nil {
			return
		}
		o.Sent(len(b.Records))
		fmt.Printf("sent %s %s %s\n", signal, b.Records[0], b.Records[len(b.Records)-1])
		if n%11 == 0 {
			b, _ = b.Cut(1)
			_ = o.Refuse(b, "why not")
		} else {
			_ = o.Ack(b)
		}
		if n%30 == 0 {
			_, _ = o.Discard()
		} else if n%17 == 0 {
			_, _ = o.Resend()
		}
	}
}

// TestKill kills a program that works on a journal, again and again. No record whose commit it has reported is lost, of
// either signal, and all of a group is there or nothing.
func TestKill(t *testing.T) {
	dir, committed := t.TempDir(), uint64(0)
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	resent := 0
	for i := range rounds {
		promised, sent := killOne(t, dir, rand.IntN(200))
		committed = max(committed, promised)
		j, err := open(dir, journal.Options{Capacity: 1 << 20}, boltstore.Options{NoSync: true})
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		c, err := contentsOf(j)
		if err == nil {
			err = c.balance()
		}
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		others := c.of(second).Totals.Committed
		if c.Seq < committed || c.Seq > 0 && c.State["last"] != strconv.FormatUint(c.Seq, 10) ||
			c.Seq > 0 && c.State["last of second"] != strconv.FormatUint(others, 10) {
			t.Fatalf("round %d: has records up to %d and %d, state %s and %s; %d were reported",
				i, c.Seq, others, c.State["last"], c.State["last of second"], committed)
		}
		for signal, s := range c.Signals {
			for k, r := range s.Waiting {
				if seq, data, _ := strings.Cut(r, " "); seq != data {
					t.Fatalf("round %d: record %d of %s is %q", i, k, signal, r)
				}
				if sent[string(signal)+" "+r] {
					resent++
				}
			}
		}
		committed = c.Seq
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d records, of which %d are sent again", rounds, committed, resent)
	if committed < uint64(rounds)*100 {
		t.Error("this shows nothing")
	}
}

// killOne kills the victim after it has printed some lines, and returns the last number that it has reported as
// committed, and the records that it has sent.
func killOne(t *testing.T, dir string, after int) (committed uint64, sent map[string]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-victim="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sent = map[string]bool{}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == after {
			_ = cmd.Process.Kill() // at some moment of its work
		}
		if strings.HasPrefix(lines.Text(), "error") {
			t.Fatal(lines.Text())
		}
		_, _ = fmt.Sscanf(lines.Text(), "committed %d", &committed)
		var signal string
		var from, to uint64
		if n, _ := fmt.Sscanf(lines.Text(), "sent %s %d %d", &signal, &from, &to); n == 3 {
			for ; from <= to; from++ {
				sent[fmt.Sprintf("%s %d %d", signal, from, from)] = true
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return committed, sent
}
