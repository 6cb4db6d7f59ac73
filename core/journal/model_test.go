package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// contents is all that a journal remembers, in a form that can be compared.
type contents struct {
	Seq     uint64
	Waiting []string // "seq data", in order
	Dead    []string // "seq reason: data", by number
	Stdout  string   // lines that are not written
	State   map[string]string
	Drop    journal.Drop
	Totals  journal.Totals
}

// contentsOf reads a journal that was just opened.
func contentsOf(j *journal.Journal) (contents, error) {
	s := j.Stats()
	c := contents{Seq: s.Seq, Stdout: string(j.Unwritten()), State: map[string]string{}, Drop: j.Dropped(), Totals: s.Totals}
	for key, value := range j.State() {
		c.State[key] = string(value)
	}
	for r, err := range j.Waiting() {
		if err != nil {
			return c, err
		}
		c.Waiting = append(c.Waiting, fmt.Sprintf("%d %s", r.Seq, r.Data))
	}
	for d, err := range j.DeadLetters() {
		if err != nil {
			return c, err
		}
		c.Dead = append(c.Dead, fmt.Sprintf("%d %s: %s", d.Seq, d.Reason, d.Record))
	}
	return c, nil
}

func (c *contents) clone() *contents {
	d := *c
	d.Waiting, d.Dead, d.State = slices.Clone(c.Waiting), slices.Clone(c.Dead), maps.Clone(c.State)
	return &d
}

// balance looks whether the totals agree.
func (c *contents) balance() error {
	t := c.Totals
	if t.Emitted != c.Seq {
		return fmt.Errorf("emitted %d, but the last number is %d", t.Emitted, c.Seq)
	}
	if o := t.OTLP; o.Committed != o.Acknowledged+o.Dead+o.Dropped+uint64(len(c.Waiting)) || o.Dead != uint64(len(c.Dead)) {
		return fmt.Errorf("%d wait, %d are dead: %+v", len(c.Waiting), len(c.Dead), o)
	}
	if t.OTLP.Sent < t.OTLP.Acknowledged {
		return fmt.Errorf("acknowledged more than was sent: %+v", t.OTLP)
	}
	if o := t.Stdout; o.Committed != o.Acknowledged+uint64(strings.Count(c.Stdout, "\n")) {
		return fmt.Errorf("lines %q: %+v", c.Stdout, o)
	}
	return nil
}

// model does the same to a journal and to what it should be.
type model struct {
	t    *testing.T
	j    *journal.Journal
	want *contents
	rand *rand.Rand
	drop bool
}

func newModel(t *testing.T, j *journal.Journal, seed uint64) *model {
	t.Helper()
	return &model{t: t, j: j, want: &contents{State: map[string]string{}}, rand: rand.New(rand.NewPCG(seed, 0))}
}

// record is of some length, which mostly is small.
func (m *model) record(seq uint64) []byte {
	n := m.rand.IntN(60)
	if m.rand.IntN(12) == 0 {
		n = m.rand.IntN(9000)
	}
	return append(fmt.Appendf(nil, "r%d:", seq), bytes.Repeat([]byte{byte('a' + seq%26)}, n)...)
}

// commit adds a group of up to most records.
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
		Emitted: n, Seq: w.Seq + uint64(n), State: map[string][]byte{},
		Received: uint64(n) + 1, Changed: 1, Suppressed: 2, Announced: m.want.Drop.Records,
	}
	var waiting, lines []string
	for i := range n {
		seq := w.Seq + 1 + uint64(i)
		r := m.record(seq)
		g.Records = append(g.Records, r)
		waiting = append(waiting, fmt.Sprintf("%d %s", seq, r))
		lines = append(lines, fmt.Sprintf("line %d\n", seq))
	}
	if m.rand.IntN(8) != 0 {
		g.Lines = []byte(strings.Join(lines, ""))
	}
	for range m.rand.IntN(12) {
		key := fmt.Sprintf("pod-%d", m.rand.IntN(80))
		switch m.rand.IntN(5) {
		case 0:
			g.State[key] = nil
		case 1:
			g.State[key] = []byte{}
		default:
			g.State[key] = bytes.Repeat([]byte{byte(m.rand.IntN(256))}, m.rand.IntN(400))
		}
	}
	if err := m.j.Commit(ctx, g); err != nil {
		return err
	}
	w.Seq = g.Seq
	w.Waiting = append(w.Waiting, waiting...)
	w.Stdout += string(g.Lines)
	for key, value := range g.State {
		if value == nil {
			delete(w.State, key)
		} else {
			w.State[key] = string(value)
		}
	}
	t := &w.Totals
	t.Received, t.Changed, t.Suppressed, t.Emitted = t.Received+g.Received, t.Changed+1, t.Suppressed+2, t.Emitted+uint64(n)
	t.OTLP.Committed += uint64(n)
	if g.Lines != nil {
		t.Stdout.Committed += uint64(n)
	}
	if w.Drop = (journal.Drop{}); m.drop {
		m.follow()
	}
	return nil
}

// follow takes over what was dropped, which is for the journal to decide, if it
// can be right.
func (m *model) follow() {
	m.t.Helper()
	w, is := m.want, m.j.Stats()
	var waiting, dead []string
	for r, err := range m.j.Waiting() {
		if err != nil {
			m.t.Fatal(err)
		}
		waiting = append(waiting, fmt.Sprintf("%d %s", r.Seq, r.Data))
	}
	for d, err := range m.j.DeadLetters() {
		if err != nil {
			m.t.Fatal(err)
		}
		dead = append(dead, fmt.Sprintf("%d %s: %s", d.Seq, d.Reason, d.Record))
	}
	gone := uint64(len(w.Waiting) - len(waiting) + len(w.Dead) - len(dead))
	if !contains(w.Waiting, waiting) || !contains(w.Dead, dead) {
		m.t.Fatal("what is left isn't part of what was there")
	}
	w.Totals.OTLP.Dropped += gone
	w.Totals.OTLP.Dead -= uint64(len(w.Dead) - len(dead))
	w.Waiting, w.Dead, w.Drop = waiting, dead, m.j.Dropped()
	if w.Drop.Records != gone || gone > 0 && is.Bytes+is.DeadBytes > is.Capacity && is.DeadBytes > 0 {
		m.t.Fatalf("%d are gone, but it says %+v, with %+v", gone, w.Drop, is)
	}
}

// contains looks whether part is all's in the same order.
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

// ack takes some records and acknowledges most of them.
func (m *model) ack() {
	m.t.Helper()
	w := m.want
	if len(w.Waiting) == 0 {
		return
	}
	b, err := m.j.Next(m.t.Context(), 1+m.rand.IntN(20000), 1+m.rand.IntN(12))
	if err != nil {
		m.t.Fatal(err)
	}
	for i, r := range b.Records {
		if _, data, _ := strings.Cut(w.Waiting[i], " "); data != string(r) {
			m.t.Fatalf("record %d is %.20q, want %.20q", i, r, data)
		}
	}
	m.j.Sent(len(b.Records))
	w.Totals.OTLP.Sent += uint64(len(b.Records))
	b, _ = b.Cut(m.rand.IntN(len(b.Records) + 1))
	if len(b.Records) > 0 && m.rand.IntN(4) == 0 {
		var one journal.Batch
		one, b = b.Cut(1)
		m.refuse(one)
	}
	if err := m.j.Ack(b); err != nil {
		m.t.Fatal(err)
	}
	w.Waiting = w.Waiting[len(b.Records):]
	w.Totals.OTLP.Acknowledged += uint64(len(b.Records))
}

func (m *model) refuse(one journal.Batch) {
	m.t.Helper()
	w := m.want
	if err := m.j.Refuse(one, "too odd"); err != nil {
		m.t.Fatal(err)
	}
	seq, data, _ := strings.Cut(w.Waiting[0], " ")
	w.Waiting = w.Waiting[1:]
	w.Dead = append(w.Dead, seq+" too odd: "+data)
	slices.SortFunc(w.Dead, func(a, b string) int { return int(seqOf(a)) - int(seqOf(b)) })
	w.Totals.OTLP.Dead++
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
	w := m.want
	if len(w.Dead) == 0 {
		return
	}
	i := m.rand.IntN(len(w.Dead))
	seq := seqOf(w.Dead[i])
	move := m.j.Resend
	if discard {
		move = m.j.Discard
	}
	if n, err := move(seq, 1<<60); n != 1 || err != nil {
		m.t.Fatalf("moved %d: %v", n, err)
	}
	if discard {
		w.Totals.OTLP.Dropped++
	} else {
		_, data, _ := strings.Cut(w.Dead[i], " too odd: ")
		w.Waiting = append(w.Waiting, fmt.Sprintf("%d %s", seq, data))
	}
	w.Totals.OTLP.Dead--
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
		m.j.Rejected(1)
		m.want.Totals.OTLP.Rejected++
	default:
		m.ack()
	}
}

// same compares what a journal has with what it should have.
func same(want *contents, got contents) error {
	if d := cmp.Diff(want, &got, cmpopts.EquateEmpty()); d != "" {
		return errors.New("other contents (-want +got):\n" + d)
	}
	return got.balance()
}

// TestRestarts does this and that to a journal, closes and opens it, and finds
// everything.
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
