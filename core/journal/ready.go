package journal

import "time"

// ready is the condition on which a consumer waits while records gather.
type ready struct {
	from    time.Time
	bytes   int64
	records int
	timer   *time.Timer   // nil until something waits
	settled chan struct{} // nil while nobody waits
}

// Ready returns a channel that is closed once a record waits and the time from has come. It is closed earlier if that
// many bytes or records wait, or a quarter of the capacity, if a Commit waits for room, or if no more records will
// come. It is for the one consumer: the next call forgets it.
//
// Nothing is woken at that time while nothing waits.
func (j *Journal) Ready(from time.Time, bytes, records int) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ready.settle()
	settled := make(chan struct{})
	j.ready = ready{from: from, bytes: min(int64(bytes), j.options.Capacity/4), records: records, settled: settled}
	if j.sealed || !j.blockedSince.IsZero() {
		j.ready.settle()
	}
	j.checkReady()
	return settled
}

// checkReady is called, with the lock held, when there may be more records.
func (j *Journal) checkReady() {
	r := &j.ready
	switch {
	case r.settled == nil || j.records == 0:
	case j.bytes >= r.bytes || j.records >= r.records:
		r.settle()
	case r.timer == nil:
		if left := time.Until(r.from); left > 0 {
			r.timer = time.AfterFunc(left, j.due(r.settled))
		} else {
			r.settle()
		}
	}
}

// due ends the wait that has this channel, if it has not ended.
func (j *Journal) due(settled chan struct{}) func() {
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.ready.settled == settled {
			j.ready.settle()
		}
	}
}

// settle ends the wait, if there is one.
func (r *ready) settle() {
	if r.settled == nil {
		return
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	close(r.settled)
	*r = ready{}
}
