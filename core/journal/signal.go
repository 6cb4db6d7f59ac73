package journal

import (
	"slices"
	"time"
)

// Signal is a kind of records. Each signal has records, totals, dead letters and one consumer of its own; all share the
// transactions and the capacity of the journal. The name is part of the stored format.
type Signal string

// Logs are the records that the totals of a group count. They have the numbers of the group.
const Logs Signal = "logs"

// Traces are spans.
const Traces Signal = "traces"

// bucket returns the name of a bucket that each signal has. Those of Logs are older than other signals.
func (s Signal) bucket(kind string) string {
	if s == Logs {
		return kind
	}
	return kind + "/" + string(s)
}

// Outbox is the part of a journal that holds one signal. Its methods may be called concurrently, but there is one
// consumer: the caller of Next is the one that calls Ack and Refuse.
type Outbox struct {
	j            *Journal
	signal       Signal
	index        int // among those of the journal
	bucketOutbox string
	bucketDead   string

	// With the lock of the journal:
	queue           queue
	records         int
	bytes           int64
	removed         uint64 // number of records that have left the front since the start
	lent            int    // number of records at the front that the consumer may have
	protected       uint64 // position of the last chunk of them; 0 is none
	dead            deadIndex
	recent          recentChunk
	ready           ready
	unreadable      error // why Next can't read
	unreadableSince time.Time
}

// Outbox returns the outbox of a signal. It is empty if nothing of the signal was ever committed.
func (j *Journal) Outbox(s Signal) *Outbox {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.outbox(s)
}

// outbox finds or makes an outbox. The lock is held.
func (j *Journal) outbox(s Signal) *Outbox {
	for _, o := range j.outboxes {
		if o.signal == s {
			return o
		}
	}
	o := &Outbox{
		j: j, signal: s, index: len(j.outboxes),
		bucketOutbox: s.bucket(bucketOutbox), bucketDead: s.bucket(bucketDead),
	}
	j.outboxes = append(j.outboxes, o)
	j.head.signals = append(j.head.signals, SinkTotals{})
	return o
}

// totals returns the totals of the signal. The lock is held.
func (o *Outbox) totals() *SinkTotals { return &o.j.head.signals[o.index] }

// waiting returns the number of waiting records of these signals, of all if none is named. The lock is held.
func (j *Journal) waiting(of ...Signal) int {
	n := 0
	for _, o := range j.outboxes {
		if len(of) == 0 || slices.Contains(of, o.signal) {
			n += o.records
		}
	}
	return n
}
