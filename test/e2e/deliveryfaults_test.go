//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// longer returns a duration longer than the timeouts of both sides.
func longer(rng *rand.Rand) time.Duration { return seconds(rng, 11, 12.5) }

// deliveryFaults are those of Collector, network, disk and plugins.
func (s *chaosRun) deliveryFaults() []fault {
	collector := func(d func(*rand.Rand) time.Duration) inject {
		return func(ctx context.Context, rng *rand.Rand) error {
			return s.lasting(ctx, "collector killed", d(rng), s.collector.kill, s.collector.start)
		}
	}
	network := func(name string, m mode, d func(*rand.Rand) time.Duration) inject {
		return func(ctx context.Context, rng *rand.Rand) error { return s.disturb(ctx, name, m, d(rng)) }
	}
	short := func(rng *rand.Rand) time.Duration { return seconds(rng, 0.5, 3) }
	return []fault{
		{3 * time.Second, collector(short)},
		{12 * time.Second, s.withoutKills(collector(longer))},
		{3 * time.Second, network("network refuses", refuses, short)},
		{3 * time.Second, network("network stalls", stalls, short)},
		{12 * time.Second, s.withoutKills(network("network stalls", stalls, longer))},
		{4 * time.Second, s.loseAnswers("answers lost", losesAnswers)},
		{4 * time.Second, s.loseAnswers("answers lost", losesAnswers)},
		{2 * time.Second, s.loseAnswers("answer cut short", cutsOneAnswer)},
		{2 * time.Second, s.loseAnswers("answer cut short", cutsOneAnswer)},
		{time.Second, s.resetNetwork},
		{time.Second, s.resetNetwork},
		{6 * time.Second, s.fillDisk},
		{6 * time.Second, s.fillDisk},
		{4 * time.Second, s.stopPlugin},
		{time.Second, s.killPlugin},
		{3 * time.Second, s.stopLogger},
	}
}

// withoutKills keeps the program from being killed during the fault, half of the time: only
// then it runs into its timeouts.
func (s *chaosRun) withoutKills(do inject) inject {
	return func(ctx context.Context, rng *rand.Rand) error {
		if rng.IntN(2) == 0 {
			s.logger.mu.Lock()
			defer s.logger.mu.Unlock()
		}
		return do(ctx, rng)
	}
}

// disturb changes the mode of the network for a time. Stalled connections are then reset or
// resumed.
func (s *chaosRun) disturb(ctx context.Context, name string, m mode, d time.Duration) error {
	set := func(m mode, reset bool) func() error {
		return func() error {
			s.network.set(m)
			if reset {
				s.network.reset()
			}
			return nil
		}
	}
	return s.lasting(ctx, name, d, set(m, m == refuses), set(passes, d%2 == 0))
}

// loseAnswers waits for a response to lose. The program then can't know whether its request
// arrived.
func (s *chaosRun) loseAnswers(name string, m mode) inject {
	return func(ctx context.Context, rng *rand.Rand) error {
		before := s.network.lostBytes()
		more := seconds(rng, 0, 2)
		s.network.set(m)
		if s.network.awaitLoss(before, 8*time.Second) {
			over := s.during(name, "")
			defer over()
			sleep(ctx, more)
		} else {
			s.print("there was no response to lose")
		}
		s.network.set(passes)
		return nil
	}
}

func (s *chaosRun) resetNetwork(context.Context, *rand.Rand) error {
	if n := s.network.reset(); n > 0 {
		s.note("connections reset", "%d", n)
	}
	return nil
}

// fillDisk keeps the disk full: files that are deleted on it make room.
func (s *chaosRun) fillDisk(ctx context.Context, rng *rand.Rand) error {
	d := seconds(rng, 2, 6)
	over := s.during("disk full", "for %s", d.Round(10*time.Millisecond))
	defer over()
	for end := time.Now().Add(d); time.Now().Before(end); sleep(ctx, 100*time.Millisecond) {
		if err := s.disk.fill(); err != nil {
			return err
		}
	}
	return s.disk.clear()
}

// plugin returns the process of the plugin. It waits until the program is ready, as that
// can't start without its plugins.
func (s *chaosRun) plugin(ctx context.Context) (p processInfo, ok bool) {
	ok = await(ctx, 10*time.Second, func() bool {
		r := s.logger.last()
		if !r.ready.Load() {
			return false
		}
		all := descendants(s.t, r.PID())
		if len(all) > 0 {
			p = all[0]
		}
		return len(all) > 0
	})
	return p, ok
}

func (s *chaosRun) stopPlugin(ctx context.Context, rng *rand.Rand) error {
	s.logger.mu.Lock()
	defer s.logger.mu.Unlock()
	p, ok := s.plugin(ctx)
	if !ok {
		s.print("no plugin to stop")
		return nil
	}
	signal := func(sig syscall.Signal) func() error {
		return func() error {
			if p.runs() {
				_ = syscall.Kill(p.pid, sig)
			}
			return nil // the host may have killed it meanwhile
		}
	}
	return s.lasting(ctx, "plugin stopped", seconds(rng, 1, 4), signal(syscall.SIGSTOP), signal(syscall.SIGCONT))
}

func (s *chaosRun) killPlugin(ctx context.Context, _ *rand.Rand) error {
	s.logger.mu.Lock()
	defer s.logger.mu.Unlock()
	p, ok := s.plugin(ctx)
	if !ok {
		s.print("no plugin to kill")
		return nil
	}
	s.note("plugin killed", "process %d", p.pid)
	_ = syscall.Kill(p.pid, syscall.SIGKILL)
	return nil
}

// stopLogger stops the program with SIGSTOP. It may be killed meanwhile.
func (s *chaosRun) stopLogger(ctx context.Context, rng *rand.Rand) error {
	s.logger.mu.Lock()
	run := s.logger.last()
	s.logger.mu.Unlock()
	signal := func(sig syscall.Signal) func() error {
		return func() error {
			_ = run.Signal(sig)
			return nil
		}
	}
	return s.lasting(ctx, "logger stopped", seconds(rng, 1, 3), signal(syscall.SIGSTOP), signal(syscall.SIGCONT))
}
