package owner

import (
	"hash/maphash"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// What a namespace may take
//
// The creator of a pod can write any owner into it, and change it hundreds of times a
// second. So look-ups are charged to the pod's namespace: shareBurst requests at once, and
// shareRate a second. A look-up that finds the owners of a key for the first time is free,
// as somebody had to create them: a rollout of a thousand Deployments in one namespace is
// bounded by Settings.Rate only.
//
// All records wait while one waits for its owners. So that time is charged to the
// namespace too, unless the look-up is free; and of the waits that are longer than
// shortWait, whoever causes them, the part beyond that is charged to all. A namespace whose
// last wait was in vain waits for newWait at most, until a free look-up ends.
const (
	shareBurst = 400 // requests
	shareRate  = 20  // requests a second

	// renewalReserve is the part of a share that renewals leave to other look-ups.
	renewalReserve = shareBurst / 2

	// A namespace can wait in vain for a third of Settings.Timeout at once, and for a part
	// of the time. All together can wait for longer than shortWait for twice
	// Settings.Timeout at once, and for a part of the time.
	waitRate     = 0.1
	longWaitRate = 0.05

	// maxRunning look-ups of a namespace are under way, so that slow ones leave some
	// workers to the others.
	maxRunning = workers / 2

	// maxShares is the number of namespaces whose shares are kept.
	maxShares = 1024
)

// The limits of waits, with DefaultTimeout 750, 500 and 250 milliseconds.
func (s Settings) newWait() time.Duration   { return s.Timeout / 4 }
func (s Settings) shortWait() time.Duration { return s.Timeout / 6 }
func (s Settings) busyWait() time.Duration  { return s.Timeout / 12 } // while Rate is reached

// bucket is a budget that refills over time. Spending beyond it creates a debt of at most the
// whole budget.
type bucket struct {
	size, rate float64 // rate: a second
	level      float64
	at         time.Time
}

func newBucket(size, rate float64, now time.Time) bucket {
	return bucket{size: size, rate: rate, level: size, at: now}
}

// left returns the available budget.
func (b *bucket) left(now time.Time) float64 {
	b.level = min(b.size, b.level+b.rate*now.Sub(b.at).Seconds())
	b.at = now
	return b.level
}

// spend takes n, or gives it back if it is negative.
func (b *bucket) spend(n float64, now time.Time) {
	b.level = min(b.size, max(-b.size, b.left(now)-n))
}

// share is what a namespace may take, and its look-ups that wait for a worker.
type share struct {
	requests bucket
	waiting  bucket // seconds
	patience bucket // seconds for which initial records wait for failing look-ups
	proven   bool   // the last look-up was free, and no wait was in vain since
	running  int    // look-ups that are under way
	queued   []*flight
}

func newShare(timeout time.Duration, now time.Time) *share {
	return &share{
		requests: newBucket(shareBurst, shareRate, now),
		waiting:  newBucket(timeout.Seconds()/3, waitRate, now),
		patience: newBucket(initialPatience.Seconds(), 0, now),
	}
}

// shares are those of the namespaces seen last.
type shares struct {
	*simplelru.LRU[string, *share]

	timeout time.Duration
}

func newShares(timeout time.Duration) shares {
	return shares{newLRU[string, *share](maxShares, nil), timeout}
}

func (s shares) of(namespace string, now time.Time) *share {
	if sh, ok := s.Get(namespace); ok {
		return sh
	}
	sh := newShare(s.timeout, now)
	s.Add(namespace, sh)
	return sh
}

// maxSeen is about how many keys are remembered to have been found before.
const maxSeen = 1 << 16

// seen remembers keys by their hashes, in two generations.
type seen struct {
	seed       maphash.Seed
	young, old map[uint64]struct{}
}

func newSeen() seen {
	return seen{seed: maphash.MakeSeed(), young: map[uint64]struct{}{}}
}

// add remembers a key, and reports whether it was not remembered before.
func (s *seen) add(k key) (first bool) {
	hash := maphash.Comparable(s.seed, k)
	_, young := s.young[hash]
	_, old := s.old[hash]
	if !young {
		if len(s.young) >= maxSeen/2 {
			s.young, s.old = map[uint64]struct{}{}, s.young
		}
		s.young[hash] = struct{}{}
	}
	return !young && !old
}
