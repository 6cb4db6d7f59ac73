package journal

import "time"

// Drop describes records that were dropped for want of room.
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

	Stdout, OTLP SinkTotals
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

// Stats describe the journal at present, for metrics and readiness.
type Stats struct {
	Records      int
	Bytes        int64
	Capacity     int64     // in bytes; a single group that is larger exceeds it, see DESIGN.md
	Oldest       time.Time // when the record at the front was committed; zero if nothing waits
	BlockedSince time.Time // since when a Commit waits for room; zero if none does

	DeadRecords int
	DeadBytes   int64 // part of the capacity: at DeadBytes >= Capacity they alone fill it

	Failing      string    // the last error of the disk; empty while it works
	FailingSince time.Time // zero while it works
	FileBytes    int64     // 0 in memory
	HeadDamaged  bool      // at Open, one of the two heads of the file was damaged: its last transaction may be missing
	Committed    time.Time // the last commit of a group, also by an earlier run; zero if there was none
	Seq          uint64    // number of the last record that was committed
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
		Records: j.records, Bytes: j.bytes, Capacity: j.options.Capacity, BlockedSince: j.blockedSince,
		DeadRecords: j.dead.records(), DeadBytes: j.dead.bytes, FileBytes: size, HeadDamaged: j.headDamaged,
		Committed: moment(j.head.Committed), Seq: j.head.Seq, Totals: j.head.Totals,
	}
	if j.queue.len() > 0 {
		s.Oldest = moment(j.queue.front().at)
	}
	switch {
	case j.failing != nil:
		s.Failing, s.FailingSince = j.failing.Error(), j.failingSince
	case j.unreadable != nil:
		s.Failing, s.FailingSince = j.unreadable.Error(), j.unreadableSince
	case moved != nil:
		s.Failing, s.FailingSince = moved.Error(), time.Now()
	}
	return s
}

// Sent counts records that were handed to the receiver, each time they were.
func (j *Journal) Sent(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head.Totals.OTLP.Sent += count(n)
}

// Rejected counts records that the receiver took and then threw away.
func (j *Journal) Rejected(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head.Totals.OTLP.Rejected += count(n)
}

// Dropped returns the dropped records that no record has announced yet. A group with a record that announces them has
// their number in Announced.
func (j *Journal) Dropped() Drop {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head.Drop, j.newDrops = j.head.Drop.with(j.newDrops), Drop{}
	return j.head.Drop
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
