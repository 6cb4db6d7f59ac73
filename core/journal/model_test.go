package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// model does the same to a journal, with two signals, and to its expected contents.
type model struct {
	t    *testing.T
	j    *journal.Journal
	want *contents
	rand *rand.Rand
	drop bool
}

func newModel(t *testing.T, j *journal.Journal, seed uint64) *model {
	t.Helper()
	want := &contents{State: map[string]string{}, Signals: map[journal.Signal]*signalContents{}}
	return &model{t: t, j: j, want: want, rand: rand.New(rand.NewPCG(seed, 0))}
}

// record is of some length, which mostly is small.
func (m *model) record(kind string, seq uint64) []byte {
	n := m.rand.IntN(60)
	if m.rand.IntN(12) == 0 {
		n = m.rand.IntN(9000)
	}
	return append(fmt.Appendf(nil, "%s%d:", kind, seq), bytes.Repeat([]byte{byte('a' + seq%26)}, n)...)
}

// commit adds a group of up to most records of each signal.
func (m *model) commit(most int) {
	m.t.Helper()
	if err := m.tryCommit(m.t.Context(), most); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) tryCommit(ctx context.Context, most int) error {
	n := m.rand.IntN(most + 1)
	w := m.want
	g := journal.Group{
		Emitted: n, Seq: w.Seq + uint64(n), State: m.states(), Records: map[journal.Signal][][]byte{},
		Received: uint64(n) + 1, Changed: 1, Suppressed: 2, Announced: m.want.Drop.Records,
	}
	waiting := map[journal.Signal][]string{}
	add := func(s journal.Signal, kind string, seq uint64) {
		r := m.record(kind, seq)
		g.Records[s] = append(g.Records[s], r)
		waiting[s] = append(waiting[s], fmt.Sprintf("%d %s", seq, r))
	}
	lines := m.rand.IntN(8) != 0
	for i := range n {
		seq := w.Seq + 1 + uint64(i)
		add(journal.Logs, "r", seq)
		if lines {
			g.Lines = fmt.Appendf(g.Lines, "line %d\n", seq)
		}
	}
	if m.rand.IntN(3) == 0 {
		for i := range m.rand.IntN(most + 1) {
			add(second, "s", w.of(second).Totals.Committed+1+uint64(i))
		}
	}
	if err := m.j.Commit(ctx, g); err != nil {
		return err
	}
	m.committed(&g, waiting)
	return nil
}

func (m *model) states() map[string][]byte {
	states := map[string][]byte{}
	for range m.rand.IntN(12) {
		key := fmt.Sprintf("pod-%d", m.rand.IntN(80))
		switch m.rand.IntN(5) {
		case 0:
			states[key] = nil
		case 1:
			states[key] = []byte{}
		default:
			states[key] = bytes.Repeat([]byte{byte(m.rand.IntN(256))}, m.rand.IntN(400))
		}
	}
	return states
}

// committed takes a group over into the expected contents.
func (m *model) committed(g *journal.Group, waiting map[journal.Signal][]string) {
	m.t.Helper()
	w := m.want
	w.Seq = g.Seq
	w.Stdout += string(g.Lines)
	for key, value := range g.State {
		if value == nil {
			delete(w.State, key)
		} else {
			w.State[key] = string(value)
		}
	}
	t := &w.Totals
	t.Received, t.Changed, t.Suppressed = t.Received+g.Received, t.Changed+1, t.Suppressed+2
	t.Emitted += uint64(g.Emitted)
	if g.Lines != nil {
		t.Stdout.Committed += uint64(g.Emitted)
	}
	for signal, records := range waiting {
		s := w.of(signal)
		w.Signals[signal] = s
		s.Waiting = append(s.Waiting, records...)
		s.Totals.Committed += uint64(len(records))
	}
	if w.Drop = (journal.Drop{}); m.drop {
		m.follow()
	}
}

// follow takes over which records the journal chose to drop, after some checks.
func (m *model) follow() {
	m.t.Helper()
	w, is, all := m.want, m.j.Stats(), uint64(0)
	for name, s := range w.Signals {
		waiting, dead, err := recordsOf(m.j.Outbox(name))
		if err != nil {
			m.t.Fatal(err)
		}
		if !contains(s.Waiting, waiting) || !contains(s.Dead, dead) {
			m.t.Fatalf("%s: records are left that were not there before", name)
		}
		gone := uint64(len(s.Waiting) - len(waiting) + len(s.Dead) - len(dead))
		s.Totals.Dropped += gone
		all += gone
		s.Totals.Dead -= uint64(len(s.Dead) - len(dead))
		s.Waiting, s.Dead = waiting, dead
		if name == journal.Logs {
			if w.Drop = m.j.Dropped(); w.Drop.Records != gone {
				m.t.Fatalf("%d are gone, but it reports %+v", gone, w.Drop)
			}
		}
	}
	if all > 0 && is.Bytes+is.DeadBytes > is.Capacity && is.DeadBytes > 0 {
		m.t.Fatalf("dead letters were not dropped first: %+v", is)
	}
}

// contains reports whether all has the elements of part in the same order.
func contains(all, part []string) bool {
	for _, s := range part {
		i := slices.Index(all, s)
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}

// signal returns one of the two.
func (m *model) signal() (*journal.Outbox, *signalContents) {
	name := journal.Logs
	if m.rand.IntN(3) == 0 {
		name = second
	}
	return m.j.Outbox(name), m.want.of(name)
}

// ack takes some records and acknowledges most of them.
func (m *model) ack() {
	m.t.Helper()
	o, w := m.signal()
	if len(w.Waiting) == 0 {
		return
	}
	b, err := o.Next(m.t.Context(), 1+m.rand.IntN(20000), 1+m.rand.IntN(12))
	if err != nil {
		m.t.Fatal(err)
	}
	for i, r := range b.Records {
		if _, data, _ := strings.Cut(w.Waiting[i], " "); data != string(r) {
			m.t.Fatalf("record %d is %.20q, want %.20q", i, r, data)
		}
	}
	o.Sent(len(b.Records))
	w.Totals.Sent += uint64(len(b.Records))
	b, _ = b.Cut(m.rand.IntN(len(b.Records) + 1))
	if len(b.Records) > 0 && m.rand.IntN(4) == 0 {
		var one journal.Batch
		one, b = b.Cut(1)
		m.refuse(o, w, one)
	}
	if err := o.Ack(b); err != nil {
		m.t.Fatal(err)
	}
	w.Waiting = w.Waiting[len(b.Records):]
	w.Totals.Acknowledged += uint64(len(b.Records))
}

func (m *model) refuse(o *journal.Outbox, w *signalContents, one journal.Batch) {
	m.t.Helper()
	if err := o.Refuse(one, "too odd"); err != nil {
		m.t.Fatal(err)
	}
	seq, data, _ := strings.Cut(w.Waiting[0], " ")
	w.Waiting = w.Waiting[1:]
	w.Dead = append(w.Dead, seq+" too odd: "+data)
	slices.SortFunc(w.Dead, func(a, b string) int { return int(seqOf(a)) - int(seqOf(b)) })
	w.Totals.Dead++
}

func seqOf(s string) (seq uint64) {
	_, _ = fmt.Sscanf(s, "%d ", &seq)
	return seq
}

func (m *model) written() {
	m.j.Written()
	w := m.want
	w.Stdout = ""
	w.Totals.Stdout.Sent += w.Totals.Stdout.Committed - w.Totals.Stdout.Acknowledged
	w.Totals.Stdout.Acknowledged = w.Totals.Stdout.Committed
}

// resend moves or removes a dead letter.
func (m *model) resend(discard bool) {
	m.t.Helper()
	o, w := m.signal()
	if len(w.Dead) == 0 {
		return
	}
	i := m.rand.IntN(len(w.Dead))
	seq := seqOf(w.Dead[i])
	move := o.Resend
	if discard {
		move = o.Discard
	}
	if n, err := move(seq, 1<<60); n != 1 || err != nil {
		m.t.Fatalf("moved %d: %v", n, err)
	}
	if discard {
		w.Totals.Dropped++
	} else {
		_, data, _ := strings.Cut(w.Dead[i], " too odd: ")
		w.Waiting = append(w.Waiting, fmt.Sprintf("%d %s", seq, data))
	}
	w.Totals.Dead--
	w.Dead = slices.Delete(w.Dead, i, i+1)
}

// step does something to the journal that isn't a transaction yet.
func (m *model) step() {
	m.t.Helper()
	switch m.rand.IntN(5) {
	case 0:
		m.written()
	case 1:
		m.resend(true)
	case 2:
		o, w := m.signal()
		if w.Totals.Committed > 0 {
			o.Rejected(1)
			w.Totals.Rejected++
		}
	default:
		m.ack()
	}
}

// emptied takes out almost everything.
func (m *model) emptied() {
	m.t.Helper()
	for m.waiting() > 5 {
		m.ack()
	}
	for len(m.want.of(journal.Logs).Dead)+len(m.want.of(second).Dead) > 2 {
		m.resend(true)
	}
}

func (m *model) waiting() int {
	return len(m.want.of(journal.Logs).Waiting) + len(m.want.of(second).Waiting)
}

// TestRestarts does random things to a journal, closes and opens it, and finds everything.
func TestRestarts(t *testing.T) {
	for _, drop := range []bool{false, true} {
		for seed := range uint64(8) {
			t.Run(fmt.Sprintf("drop=%t/%d", drop, seed), func(t *testing.T) {
				t.Parallel()
				restarts(t, drop, seed)
			})
		}
	}
}

func restarts(t *testing.T, drop bool, seed uint64) {
	t.Helper()
	o := journal.Options{Capacity: 1 << 30}
	if o.DropOldest = drop; drop {
		o.Capacity = 20_000
	}
	dir := t.TempDir()
	m := newModel(t, nil, seed)
	m.drop = drop
	for range 12 {
		var err error
		if m.j, err = open(dir, o, boltstore.Options{NoSync: true, CompactAbove: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		got, err := contentsOf(m.j)
		if err == nil {
			err = same(m.want, got)
		}
		if err != nil {
			t.Fatal(err)
		}
		for range m.rand.IntN(40) {
			switch m.rand.IntN(4) {
			case 0:
				m.commit(30)
			case 1:
				m.resend(false)
			default:
				m.step()
			}
		}
		if err := m.j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
