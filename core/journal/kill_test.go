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
	"time"

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

// victim commits, takes, acknowledges, refuses and resends, and prints what was
// done once it was done.
func victim(dir string) {
	j, err := open(dir, journal.Options{Capacity: 1 << 20}, boltstore.Options{CompactAbove: 64 << 10})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	go func() {
		for n := 0; ; n++ {
			b, err := j.Next(context.Background(), 2000, 1+n%20)
			if err != nil {
				return
			}
			j.Sent(len(b.Records))
			fmt.Printf("sent %s %s\n", b.Records[0], b.Records[len(b.Records)-1])
			if n%11 == 0 {
				b, _ = b.Cut(1)
				_ = j.Refuse(b, "why not")
			} else {
				_ = j.Ack(b)
			}
			if n%30 == 0 {
				_, _ = j.Discard()
			} else if n%17 == 0 {
				_, _ = j.Resend()
			}
		}
	}()
	for seq := j.Stats().Seq; ; {
		n := 1 + rand.IntN(40)
		g := journal.Group{Emitted: n, Seq: seq + uint64(n), State: map[string][]byte{}}
		for i := range n {
			r := fmt.Appendf(nil, "%d", seq+1+uint64(i))
			g.Records = append(g.Records, r)
			g.Lines = fmt.Appendf(g.Lines, "%s\n", r)
		}
		g.State["last"] = fmt.Append(nil, g.Seq)
		g.State[fmt.Sprintf("pod-%d", rand.IntN(300))] = make([]byte, rand.IntN(500))
		if err := j.Commit(context.Background(), g); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Printf("committed %d\n", g.Seq)
		j.Written()
		seq = g.Seq
	}
}

// TestKill kills a program that works on a journal, again and again, and looks
// that nothing of what it was told is lost.
func TestKill(t *testing.T) {
	dir, committed := t.TempDir(), uint64(0)
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	resent := 0
	for i := range rounds {
		promised, sent := killOne(t, dir, time.Duration(rand.IntN(60))*time.Millisecond)
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
		if c.Seq < committed || c.Seq > 0 && c.State["last"] != strconv.FormatUint(c.Seq, 10) {
			t.Fatalf("round %d: has records up to %d, state %s; was told %d", i, c.Seq, c.State["last"], committed)
		}
		for k, r := range c.Waiting {
			if seq, data, _ := strings.Cut(r, " "); seq != data {
				t.Fatalf("round %d: record %d is %q", i, k, r)
			}
			if sent[r] {
				resent++
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

// killOne runs the victim for some time after its first word and returns the
// last number that it was told to be committed, and the records it sent.
func killOne(t *testing.T, dir string, after time.Duration) (committed uint64, sent map[string]bool) {
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
	for first := true; lines.Scan(); first = false {
		if first {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		if strings.HasPrefix(lines.Text(), "error") {
			t.Fatal(lines.Text())
		}
		_, _ = fmt.Sscanf(lines.Text(), "committed %d", &committed)
		var from, to uint64
		if n, _ := fmt.Sscanf(lines.Text(), "sent %d %d", &from, &to); n == 2 {
			for ; from <= to; from++ {
				sent[fmt.Sprintf("%d %d", from, from)] = true
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return committed, sent
}
