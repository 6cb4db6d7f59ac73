//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"time"
)

// killEvery is the longest mean time between two kills of the program.
const killEvery = 5 * time.Second

// killRepeatedly kills the program and starts it again: right after its start, while it
// writes much, or at any time. Now and then the program runs for longer than all timeouts.
func (s *chaosRun) killRepeatedly(ctx context.Context, rng *rand.Rand) {
	kills := 0
	for ctx.Err() == nil {
		late := time.Duration(kills+1)*killEvery < time.Since(s.begun)
		why := s.letRun(ctx, rng, late)
		s.logger.mu.Lock()
		if ctx.Err() == nil {
			kills++
			s.failed(s.killAndStart(ctx, why, rng))
		}
		s.logger.mu.Unlock()
	}
}

func (s *chaosRun) letRun(ctx context.Context, rng *rand.Rand, late bool) (why string) {
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
func (s *chaosRun) awaitBurst(ctx context.Context) {
	const fast, step = 10 << 10, 50 * time.Millisecond
	for end := time.Now().Add(3 * time.Second); ctx.Err() == nil && time.Now().Before(end); {
		before := s.logger.size()
		sleep(ctx, step)
		if s.logger.size()-before > fast {
			return
		}
	}
}

func (s *chaosRun) killAndStart(ctx context.Context, why string, rng *rand.Rand) error {
	if err := s.logger.kill(why); err != nil {
		return err
	}
	down := between(rng, 0, 300*time.Millisecond)
	if rng.IntN(10) == 0 {
		down = seconds(rng, 2, 4)
	}
	sleep(context.WithoutCancel(ctx), down)
	return s.logger.start()
}
