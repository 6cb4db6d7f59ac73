package sink

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
)

// Tally counts what arrives at one place, and notes when. It knows the event of
// a record by the resourceVersion in it, in whatever form that is written.
type Tally struct {
	event func(version int) int

	mu       sync.Mutex
	records  int         // also of the first list
	arrived  []time.Time // of the first record of each event that is expected
	from     int         // the event that arrived begins with
	seen     int         // events of which there is a record
	last     int         // the newest event seen
	seqs     []bool
	doubles  int
	activity time.Time
}

// NewTally returns one that finds events by event.
func NewTally(event func(version int) int) *Tally { return &Tally{event: event, last: -1} }

// Expect begins with n events anew.
func (t *Tally) Expect(from, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.from, t.arrived, t.seen = from, make([]time.Time, n), 0
}

// Add takes in a record. Seq is its number, from 1; 0: it has none.
func (t *Tally) Add(record []byte, seq int, now time.Time) {
	event, ok := t.find(record)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records, t.activity = t.records+1, now
	t.count(seq)
	if !ok {
		return
	}
	t.last = max(t.last, event)
	if n := event - t.from; n >= 0 && n < len(t.arrived) && t.arrived[n].IsZero() {
		t.arrived[n] = now
		t.seen++
	}
}

// count keeps account of the numbers of records. The mutex is held.
func (t *Tally) count(seq int) {
	if seq == 0 {
		return
	}
	if n := seq + 1 - len(t.seqs); n > 0 {
		t.seqs = append(t.seqs, make([]bool, n)...)
	}
	if t.seqs[seq] {
		t.doubles++
	}
	t.seqs[seq] = true
}

// find returns the event that a record is of. A time can hold the mark by chance,
// though not with as many digits behind it.
func (t *Tally) find(record []byte) (event int, ok bool) {
	for {
		_, digits, found := bytes.Cut(record, []byte(apiserver.Mark))
		if !found || len(digits) < apiserver.VersionDigits {
			return 0, false
		}
		if n, err := strconv.ParseUint(string(digits[:apiserver.VersionDigits]), 10, 32); err == nil {
			return t.event(int(n)), true
		}
		record = digits
	}
}

// Lines takes in each line that is read as a record, until the reader ends.
func (t *Tally) Lines(r io.Reader) {
	buffer := make([]byte, 0, 1<<20)
	for {
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		now := time.Now()
		buffer = buffer[:len(buffer)+n]
		rest := buffer
		for {
			line, after, ok := bytes.Cut(rest, []byte("\n"))
			if !ok {
				break
			}
			t.Add(line, seqInLine(line), now)
			rest = after
		}
		buffer = buffer[:copy(buffer[:cap(buffer)], rest)]
		if err != nil || len(buffer) == cap(buffer) {
			return // the program is gone, or writes no lines
		}
	}
}

func seqInLine(line []byte) int {
	_, rest, ok := bytes.Cut(line, []byte(`"seq":`))
	if !ok {
		return 0
	}
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return 0
	}
	seq, _ := strconv.Atoi(string(rest[:end])) // 0 where it is none
	return seq
}

// State is how far a tally has come.
type State struct {
	Records, Events, Last int
	Activity              time.Time // of the last record
}

// State returns how far it has come.
func (t *Tally) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return State{t.records, t.seen, t.last, t.activity}
}

// Result describes the arrived records.
type Result struct {
	Records, Events  int
	Arrived          []time.Time // by event; zero: never
	Gaps, Duplicates int         // in the numbers of records
}

// Result returns the arrived records.
func (t *Tally) Result() Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Result{Records: t.records, Events: t.seen, Arrived: slices.Clone(t.arrived), Duplicates: t.doubles}
	for seq := 1; seq < len(t.seqs); seq++ {
		if !t.seqs[seq] {
			r.Gaps++
		}
	}
	return r
}
