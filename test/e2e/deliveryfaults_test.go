//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// What goes wrong with the program's own surroundings: Collector, network, disk
// and plugins. longer is longer than the timeouts of both sides.

func longer(rng *rand.Rand) time.Duration { return seconds(rng, 11, 12.5) }

func (s *stage) deliveryFaults() []fault {
	collector := func(d func(*rand.Rand) time.Duration) func(context.Context, *rand.Rand) error {
		return func(_ context.Context, rng *rand.Rand) error {
			return s.lasting("collector killed", d(rng), s.receiver.kill, s.receiver.start)
		}
	}
	network := func(name string, m mode, d func(*rand.Rand) time.Duration) func(context.Context, *rand.Rand) error {
		return func(_ context.Context, rng *rand.Rand) error { return s.disturb(name, m, d(rng)) }
	}
	short := func(rng *rand.Rand) time.Duration { return seconds(rng, 0.5, 3) }
	return []fault{
		{3 * time.Second, collector(short)},
		{12 * time.Second, s.undisturbed(collector(longer))},
		{3 * time.Second, network("network refuses", refuses, short)},
		{3 * time.Second, network("network stalls", stalls, short)},
		{12 * time.Second, s.undisturbed(network("network stalls", stalls, longer))},
		{4 * time.Second, s.loseAnswers("answers lost", mutes)},
		{4 * time.Second, s.loseAnswers("answers lost", mutes)},
		{2 * time.Second, s.loseAnswers("answer cut short", cutsShort)},
		{2 * time.Second, s.loseAnswers("answer cut short", cutsShort)},
		{time.Second, s.resetNetwork},
		{time.Second, s.resetNetwork},
		{6 * time.Second, s.fillDisk},
		{6 * time.Second, s.fillDisk},
		{4 * time.Second, s.stopPlugin},
		{time.Second, s.killPlugin},
		{3 * time.Second, s.stopLogger},
	}
}

// undisturbed lets the program live through a fault, half of the time: only then
// it gets to its timeouts.
func (s *stage) undisturbed(do func(context.Context, *rand.Rand) error) func(context.Context, *rand.Rand) error {
	return func(ctx context.Context, rng *rand.Rand) error {
		if rng.IntN(2) == 0 {
			s.victim.mu.Lock()
			defer s.victim.mu.Unlock()
		}
		return do(ctx, rng)
	}
}

// disturb changes the network for a time. What hung is reset with it, or goes on.
func (s *stage) disturb(name string, m mode, d time.Duration) error {
	set := func(m mode, reset bool) func() error {
		return func() error {
			s.network.set(m)
			if reset {
				s.network.reset()
			}
			return nil
		}
	}
	return s.lasting(name, d, set(m, m == refuses), set(passes, d%2 == 0))
}

// loseAnswers waits for an answer that it can lose: in the end the program does
// not know whether its request arrived.
func (s *stage) loseAnswers(name string, m mode) func(context.Context, *rand.Rand) error {
	return func(_ context.Context, rng *rand.Rand) error {
		before := s.network.lost
		more := seconds(rng, 0, 2)
		s.network.set(m)
		if s.network.robs(before, 8*time.Second) {
			over := s.during(name, "")
			defer over()
			time.Sleep(more)
		} else {
			s.say("there was no answer to lose")
		}
		s.network.set(passes)
		return nil
	}
}

func (s *stage) resetNetwork(context.Context, *rand.Rand) error {
	if n := s.network.reset(); n > 0 {
		s.note("connections reset", "%d", n)
	}
	return nil
}

// fillDisk keeps the disk full: what is deleted on it makes room again.
func (s *stage) fillDisk(_ context.Context, rng *rand.Rand) error {
	d := seconds(rng, 2, 6)
	over := s.during("disk full", "for %s", d.Round(10*time.Millisecond))
	defer over()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err := s.disk.fill(); err != nil {
			return err
		}
	}
	return s.disk.clear()
}

// plugin finds the process of the plugin. The program must be through its start:
// it does not begin with a plugin that can't be started.
func (s *stage) plugin() (family, bool) {
	for range 250 {
		if r := s.victim.now(); r.ready.Load() {
			if all := descendants(s.t, r.cmd.Process.Pid); len(all) > 0 {
				return all[0], true
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return family{}, false
}

func (s *stage) stopPlugin(_ context.Context, rng *rand.Rand) error {
	s.victim.mu.Lock()
	defer s.victim.mu.Unlock()
	p, ok := s.plugin()
	if !ok {
		s.say("no plugin to stop")
		return nil
	}
	signal := func(sig syscall.Signal) func() error {
		return func() error {
			if p.lives() {
				_ = syscall.Kill(p.pid, sig)
			}
			return nil // the host may have killed it meanwhile
		}
	}
	return s.lasting("plugin stopped", seconds(rng, 1, 4), signal(syscall.SIGSTOP), signal(syscall.SIGCONT))
}

func (s *stage) killPlugin(context.Context, *rand.Rand) error {
	s.victim.mu.Lock()
	defer s.victim.mu.Unlock()
	p, ok := s.plugin()
	if !ok {
		s.say("no plugin to kill")
		return nil
	}
	s.note("plugin killed", "process %d", p.pid)
	_ = syscall.Kill(p.pid, syscall.SIGKILL)
	return nil
}

// stopLogger has the program stand still; the killer may kill it meanwhile.
func (s *stage) stopLogger(_ context.Context, rng *rand.Rand) error {
	s.victim.mu.Lock()
	process := s.victim.now().cmd.Process
	s.victim.mu.Unlock()
	signal := func(sig syscall.Signal) func() error {
		return func() error {
			_ = process.Signal(sig)
			return nil
		}
	}
	return s.lasting("logger stopped", seconds(rng, 1, 3), signal(syscall.SIGSTOP), signal(syscall.SIGCONT))
}
