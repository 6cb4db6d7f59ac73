package journal

import "time"

// Drop describes Logs that were dropped for lack of room.
type Drop struct {
	Records           uint64
	FirstSeq, LastSeq uint64 // lowest and highest number among them
}

// with returns the union of both.
func (d Drop) with(other Drop) Drop {
	switch {
	case d.Records == 0:
		return other
	case other.Records == 0:
		return d
	}
	return Drop{d.Records + other.Records, min(d.FirstSeq, other.FirstSeq), max(d.LastSeq, other.LastSeq)}
}

// Totals are counted since the journal was made, over restarts.
type Totals struct {
	Received, Changed, Suppressed, Emitted uint64

	Stdout SinkTotals
}

// SinkTotals count the records of a sink by their fate. At any time,
// Committed = Acknowledged + Dead + Dropped + the waiting ones.
type SinkTotals struct {
	Committed    uint64
	Sent         uint64 // handed over, each time that happened
	Acknowledged uint64
	Rejected     uint64 // acknowledged, but thrown away by the receiver
	Dead         uint64 // dead letters at present
	Dropped      uint64
}

// Waiting returns the number of records that the sink does not have yet.
func (t SinkTotals) Waiting() uint64 { return t.Committed - t.Acknowledged - t.Dead - t.Dropped }

// SignalStats describe the outbox of a signal at present.
type SignalStats struct {
	Records int // that wait
	Bytes   int64
	Oldest  time.Time // when the record at the front was committed; zero if nothing waits

	DeadRecords int
	DeadBytes   int64 // part of the capacity of the journal: at DeadBytes >= Capacity they alone fill it

	Totals SinkTotals
}

// Stats describe the journal at present, for metrics and readiness.
type Stats struct {
	Signals map[Signal]SignalStats // those with an outbox, Logs always

	Records      int // that wait, of all signals
	Bytes        int64
	Capacity     int64     // in bytes; a single group that is larger exceeds it, see DESIGN.md
	Oldest       time.Time // when the record that has waited longest was committed; zero if nothing waits
	BlockedSince time.Time // since when a Commit waits for room; zero if none does

	DeadRecords int // of all signals
	DeadBytes   int64

	Failing      string    // the last error of the disk; empty while it works
	FailingSince time.Time // zero while it works
	FileBytes    int64     // 0 in memory
	HeadDamaged  bool      // at Open, one of the two heads of the file was damaged: its last transaction may be missing
	Committed    time.Time // the last commit of a group, also by an earlier run; zero if there was none
	Seq          uint64    // number of the last of Logs that was committed
	Totals       Totals
}

// Stats returns how full the journal is now.
func (j *Journal) Stats() Stats {
	var size int64
	var moved error
	if j.store != nil {
		size, moved = j.store.Stat()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s := Stats{
		Signals: make(map[Signal]SignalStats, len(j.outboxes)), Capacity: j.options.Capacity,
		BlockedSince: j.blockedSince, FileBytes: size, HeadDamaged: j.headDamaged,
		Committed: moment(j.head.committed), Seq: j.head.seq, Totals: j.head.totals,
	}
	for _, o := range j.outboxes {
		s.add(o.signal, o.stats())
	}
	s.Failing, s.FailingSince = j.failure(moved)
	return s
}

// add adds the statistics of a signal to the sums.
func (s *Stats) add(name Signal, o SignalStats) {
	s.Signals[name] = o
	s.Records += o.Records
	s.Bytes += o.Bytes
	s.DeadRecords += o.DeadRecords
	s.DeadBytes += o.DeadBytes
	if s.Oldest.IsZero() || !o.Oldest.IsZero() && o.Oldest.Before(s.Oldest) {
		s.Oldest = o.Oldest
	}
}

// failure returns the error of the store, and since when it has it. The lock is held.
func (j *Journal) failure(moved error) (text string, since time.Time) {
	if j.failing != nil {
		return j.failing.Error(), j.failingSince
	}
	for _, o := range j.outboxes {
		if o.unreadable != nil {
			return o.unreadable.Error(), o.unreadableSince
		}
	}
	if moved != nil {
		return moved.Error(), time.Now()
	}
	return "", time.Time{}
}

// Stats returns how full the outbox is now.
func (o *Outbox) Stats() SignalStats {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	return o.stats()
}

func (o *Outbox) stats() SignalStats {
	s := SignalStats{
		Records: o.records, Bytes: o.bytes, DeadRecords: o.dead.records(), DeadBytes: o.dead.bytes, Totals: *o.totals(),
	}
	if o.queue.len() > 0 {
		s.Oldest = moment(o.queue.front().at)
	}
	return s
}

// Sent counts records that were handed to the receiver, each time they were.
func (o *Outbox) Sent(n int) {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	o.totals().Sent += count(n)
}

// Rejected counts records that the receiver took and then threw away.
func (o *Outbox) Rejected(n int) {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	o.totals().Rejected += count(n)
}

// Dropped returns the dropped Logs that no record has announced yet. A group with a record that announces them has
// their number in Announced. Dropped records of other signals are only counted.
func (j *Journal) Dropped() Drop {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head.drop, j.newDrops = j.head.drop.with(j.newDrops), Drop{}
	return j.head.drop
}

// moment is a time of the wall clock that is not in the future, even if the clock was set back since.
func moment(unixNano int64) time.Time {
	if unixNano == 0 {
		return time.Time{}
	}
	t := time.Unix(0, unixNano)
	if now := time.Now(); t.After(now) {
		return now
	}
	return t
}

// count is the number of something.
func count(n int) uint64 {
	return uint64(max(n, 0))
}
