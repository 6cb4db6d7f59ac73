package journal_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// second is a signal that only tests have.
const second journal.Signal = "second"

// contents are all contents of a journal, in a form that can be compared.
type contents struct {
	Seq     uint64
	Signals map[journal.Signal]*signalContents // those that ever had a record
	Stdout  string                             // lines that are not written
	State   map[string]string
	Drop    journal.Drop
	Totals  journal.Totals
}

type signalContents struct {
	Waiting []string // "seq data", in order
	Dead    []string // "seq reason: data", by number
	Totals  journal.SinkTotals
}

// contentsOf reads a journal that was just opened.
func contentsOf(j *journal.Journal) (c contents, err error) {
	stats := j.Stats()
	c = contents{
		Seq: stats.Seq, Stdout: string(j.Unwritten()), State: map[string]string{}, Drop: j.Dropped(), Totals: stats.Totals,
		Signals: map[journal.Signal]*signalContents{},
	}
	for key, value := range j.State() {
		c.State[key] = string(value)
	}
	for signal, s := range stats.Signals {
		if s.Totals == (journal.SinkTotals{}) {
			continue
		}
		outbox := &signalContents{Totals: s.Totals}
		if outbox.Waiting, outbox.Dead, err = recordsOf(j.Outbox(signal)); err != nil {
			return c, err
		}
		c.Signals[signal] = outbox
	}
	return c, nil
}

func recordsOf(o *journal.Outbox) (waiting, dead []string, err error) {
	for r, err := range o.Waiting() {
		if err != nil {
			return nil, nil, err
		}
		waiting = append(waiting, fmt.Sprintf("%d %s", r.Seq, r.Data))
	}
	for d, err := range o.DeadLetters() {
		if err != nil {
			return nil, nil, err
		}
		dead = append(dead, fmt.Sprintf("%d %s: %s", d.Seq, d.Reason, d.Record))
	}
	return waiting, dead, nil
}

// of returns the contents of a signal.
func (c *contents) of(s journal.Signal) *signalContents {
	if c.Signals[s] == nil {
		return new(signalContents)
	}
	return c.Signals[s]
}

func (c *contents) clone() *contents {
	d := *c
	d.State, d.Signals = maps.Clone(c.State), map[journal.Signal]*signalContents{}
	for name, s := range c.Signals {
		d.Signals[name] = &signalContents{slices.Clone(s.Waiting), slices.Clone(s.Dead), s.Totals}
	}
	return &d
}

// balance returns an error if the totals don't agree.
func (c *contents) balance() error {
	if c.Totals.Emitted != c.Seq {
		return fmt.Errorf("emitted %d, but the last number is %d", c.Totals.Emitted, c.Seq)
	}
	for name, s := range c.Signals {
		t := s.Totals
		if t.Committed != t.Acknowledged+t.Dead+t.Dropped+uint64(len(s.Waiting)) || t.Dead != uint64(len(s.Dead)) {
			return fmt.Errorf("%s: %d wait, %d are dead: %+v", name, len(s.Waiting), len(s.Dead), t)
		}
		if t.Sent < t.Acknowledged {
			return fmt.Errorf("%s: acknowledged more than was sent: %+v", name, t)
		}
	}
	if t := c.Totals.Stdout; t.Committed != t.Acknowledged+uint64(strings.Count(c.Stdout, "\n")) {
		return fmt.Errorf("lines %q: %+v", c.Stdout, t)
	}
	return nil
}

// same compares the contents of a journal with the expected ones.
func same(want *contents, got contents) error {
	if d := cmp.Diff(want, &got, cmpopts.EquateEmpty()); d != "" {
		return errors.New("other contents (-want +got):\n" + d)
	}
	return got.balance()
}
