//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"time"
)

// killEvery is how often the program is killed at least, on average.
const killEvery = 5 * time.Second

// slay kills the program and starts it again: right after its start, while it
// writes much, or at any time; now and then it lives longer than all timeouts.
func (s *stage) slay(ctx context.Context, rng *rand.Rand) {
	kills := 0
	for ctx.Err() == nil {
		late := time.Duration(kills+1)*killEvery < time.Since(s.begun)
		why := s.letLive(ctx, rng, late)
		s.victim.mu.Lock()
		if ctx.Err() == nil {
			kills++
			s.failed(s.killAndStart(why, rng))
		}
		s.victim.mu.Unlock()
	}
}

func (s *stage) letLive(ctx context.Context, rng *rand.Rand, late bool) (why string) {
	switch n := rng.IntN(100); {
	case n < 30:
		sleep(ctx, seconds(rng, 0.02, 0.8))
		return "right after its start"
	case n < 55 || late:
		s.awaitBurst(ctx)
		return "in a burst"
	case n < 90:
		sleep(ctx, seconds(rng, 1, 5))
		return "at any time"
	default:
		sleep(ctx, seconds(rng, 11, 14))
		return "after a long time"
	}
}

// awaitBurst waits until stdout grows fast, or for three seconds.
func (s *stage) awaitBurst(ctx context.Context) {
	const fast, step = 10 << 10, 50 * time.Millisecond
	for end := time.Now().Add(3 * time.Second); ctx.Err() == nil && time.Now().Before(end); {
		before := s.victim.size()
		sleep(ctx, step)
		if s.victim.size()-before > fast {
			return
		}
	}
}

func (s *stage) killAndStart(why string, rng *rand.Rand) error {
	if err := s.victim.kill(why); err != nil {
		return err
	}
	down := between(rng, 0, 300*time.Millisecond)
	if rng.IntN(10) == 0 {
		down = seconds(rng, 2, 4)
	}
	time.Sleep(down)
	return s.victim.start()
}
