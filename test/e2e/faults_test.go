//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"time"
)

// A hand does one fault after the other. Several hands work at the same time, so
// that faults meet. What they do is drawn from the seed; when it hits whom, is
// up to the machine.

// stage is what all hands work on.
type stage struct {
	*ledger
	cluster  *cluster
	witness  *follower
	victim   *victim
	receiver *receiver
	network  *proxy
	disk     *disk
	until    time.Time
}

// fault is one that a hand may do.
type fault struct {
	takes time.Duration // about
	do    func(ctx context.Context, rng *rand.Rand) error
}

// work does the faults in a drawn order, all of them before one comes again,
// with a pause of up to twice the given one in between.
func (s *stage) work(ctx context.Context, rng *rand.Rand, pause time.Duration, faults []fault) {
	for ctx.Err() == nil {
		rng.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
		for _, f := range faults {
			sleep(ctx, between(rng, 0, 2*pause))
			if ctx.Err() != nil {
				return
			}
			if time.Now().Add(f.takes).After(s.until) {
				continue
			}
			s.failed(f.do(context.WithoutCancel(ctx), rng))
		}
	}
}

// between draws a time.
func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Int64N(int64(high-low)+1))
}

// seconds draws a time in seconds.
func seconds(rng *rand.Rand, low, high float64) time.Duration {
	return between(rng, time.Duration(low*float64(time.Second)), time.Duration(high*float64(time.Second)))
}

// lasting begins a fault, waits, and ends it.
func (s *stage) lasting(name string, d time.Duration, begin, end func() error) error {
	over := s.during(name, "for %s", d.Round(10*time.Millisecond))
	defer over()
	if err := begin(); err != nil {
		return err
	}
	time.Sleep(d)
	return end()
}
