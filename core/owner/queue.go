package owner

import (
	"slices"
	"time"
)

// maxQueue bounds the look-ups that wait for a worker.
const maxQueue = 1024

// queue has the look-ups that wait for a worker. Namespaces take turns, so that one with
// many look-ups doesn't hold up the others. Guarded by the Finder's mutex.
type queue struct {
	turns []*share // with look-ups, in the order of their turns
	size  int
}

// push adds a look-up. If the queue is full, the namespace with the most look-ups loses
// its last one, which is returned: it may be the new one.
func (q *queue) push(fl *flight) (dropped *flight) {
	if q.size >= maxQueue {
		longest := slices.MaxFunc(q.turns, func(a, b *share) int { return len(a.queued) - len(b.queued) })
		last := len(longest.queued) - 1
		if longest == fl.share || last <= len(fl.share.queued) {
			return fl
		}
		dropped = longest.queued[last]
		longest.queued = longest.queued[:last]
		q.size--
	}
	if len(fl.share.queued) == 0 {
		q.turns = append(q.turns, fl.share)
	}
	fl.share.queued = append(fl.share.queued, fl)
	q.size++
	return dropped
}

// pop removes the next look-up, nil if there is none, or only those of namespaces that have
// enough under way.
func (q *queue) pop() *flight {
	at := slices.IndexFunc(q.turns, func(s *share) bool { return s.running < maxRunning })
	if at < 0 {
		return nil
	}
	turn := q.turns[at]
	fl := turn.queued[0]
	turn.queued[0] = nil
	turn.queued = turn.queued[1:]
	turn.running++
	q.turns = slices.Delete(q.turns, at, at+1)
	if len(turn.queued) > 0 {
		q.turns = append(q.turns, turn)
	} else {
		turn.queued = nil
	}
	q.size--
	return fl
}

// delay returns about how long the last look-up of a share waits for a worker, if workers
// take so many a second.
func (q *queue) delay(of *share, rate float64) time.Duration {
	ahead := 0
	for _, turn := range q.turns {
		ahead += min(len(turn.queued), len(of.queued))
	}
	return time.Duration(float64(ahead) / rate * float64(time.Second))
}
