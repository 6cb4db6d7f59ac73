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
// many bytes or records wait, or bytes of a quarter of the capacity, if a Commit waits for room, or if no more records
// will come. It is for the one consumer: the next call forgets it.
//
// Nothing is woken at that time while nothing waits.
func (o *Outbox) Ready(from time.Time, bytes, records int) <-chan struct{} {
	o.j.mu.Lock()
	defer o.j.mu.Unlock()
	o.ready.settle()
	settled := make(chan struct{})
	o.ready = ready{from: from, bytes: min(int64(bytes), o.j.options.Capacity/4), records: records, settled: settled}
	if o.j.sealed || !o.j.blockedSince.IsZero() {
		o.ready.settle()
	}
	o.checkReady()
	return settled
}

// checkReady is called, with the lock held, when there may be more records.
func (o *Outbox) checkReady() {
	r := &o.ready
	switch {
	case r.settled == nil || o.records == 0:
	case o.bytes >= r.bytes || o.records >= r.records:
		r.settle()
	case r.timer == nil:
		if left := time.Until(r.from); left > 0 {
			r.timer = time.AfterFunc(left, o.due(r.settled))
		} else {
			r.settle()
		}
	}
}

// due ends the wait that has this channel, if it has not ended.
func (o *Outbox) due(settled chan struct{}) func() {
	return func() {
		o.j.mu.Lock()
		defer o.j.mu.Unlock()
		if o.ready.settled == settled {
			o.ready.settle()
		}
	}
}

// settle ends the waits of all consumers. The lock is held.
func (j *Journal) settle() {
	for _, o := range j.outboxes {
		o.ready.settle()
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
