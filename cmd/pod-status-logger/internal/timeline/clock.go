package timeline

import (
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/input"
)

// replayLag is the time after which records of a live cluster have long been received.
const replayLag = time.Minute

// lag is the shortest time from a change to the record about it, for records that report changes at once.
type lag struct {
	least time.Duration
	known bool
}

func (l *lag) add(r *input.Record) {
	if r.OccurredAt.IsZero() || r.Initial || r.Recovered {
		return
	}
	if d := r.Received.Sub(r.OccurredAt); !l.known || d < l.least {
		l.least, l.known = d, true
	}
}

// isReplay reports whether the records were emitted by a replay: they have its time, not that of the cluster.
func (l *lag) isReplay() bool { return l.known && l.least > replayLag }

// clock gives the changes of one pod their times, in order.
type clock struct {
	replay  bool
	created int64 // of the pod, 0 if unknown
	last    int64 // the greatest time so far
}

// at returns when a change happened. Kubernetes' times have whole seconds: the time of receipt is taken if it lies
// within that second. Without a time of Kubernetes it is the time of receipt, or in a replay that of the change before.
func (c *clock) at(ch *change) time.Time {
	at, occurred := ch.received, ch.occurred
	if ch.detail.Action == "delete" || !c.plausible(ch) {
		occurred = 0 // that of a deletion is the time of the request
	}
	switch {
	case occurred == 0 && c.replay && c.last > 0:
		at = c.last
	case occurred == 0:
	case ch.received < occurred || ch.received >= occurred+int64(time.Second):
		at = occurred
	}
	if ch.detail.Action == "create" {
		c.created = at
	}
	c.last = max(c.last, at)
	return fromNanos(at)
}

// plausible reports whether a change happened during the life of its pod, and not after its record. Controllers may
// write any time into a condition.
func (c *clock) plausible(ch *change) bool {
	return ch.occurred >= c.created && ch.occurred <= ch.received+int64(time.Minute)
}
