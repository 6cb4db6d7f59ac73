//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"time"
)

// fault is one thing that goes wrong.
type fault struct {
	takes  time.Duration // about
	inject inject
}

// inject makes a fault happen, and returns when it is over.
type inject = func(context.Context, *rand.Rand) error

// injectAll injects the faults in random order, all of them before one is repeated, with
// pauses of up to twice the given one. The seed determines order and durations; the timing
// relative to other faults is left to chance.
func (s *chaosRun) injectAll(ctx context.Context, rng *rand.Rand, pause time.Duration, faults []fault) {
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
			s.failed(f.inject(context.WithoutCancel(ctx), rng))
		}
	}
}

// between returns a random duration.
func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Int64N(int64(high-low)+1))
}

// seconds returns a random duration in seconds.
func seconds(rng *rand.Rand, low, high float64) time.Duration {
	return between(rng, time.Duration(low*float64(time.Second)), time.Duration(high*float64(time.Second)))
}

// lasting begins a fault, and ends it after d.
func (s *chaosRun) lasting(ctx context.Context, name string, d time.Duration, begin, end func() error) error {
	over := s.during(name, "for %s", d.Round(10*time.Millisecond))
	defer over()
	if err := begin(); err != nil {
		return err
	}
	sleep(ctx, d)
	return end()
}

// sleep returns after d, or when the context ends. Faults and pauses between them last that
// long; nothing waits for an event by it.
func sleep(ctx context.Context, d time.Duration) { pause(ctx.Done(), d) }

// pause returns after d, or when done is closed.
func pause(done <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// await returns whether a condition holds in time. A fault in a chaotic environment need not
// have an effect.
func await(ctx context.Context, limit time.Duration, condition func() bool) bool {
	for end := time.Now().Add(limit); !condition(); sleep(ctx, 20*time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(end) {
			return false
		}
	}
	return true
}
