//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// What goes wrong with the control plane, and how watches come to expire (see
// test/cluster/README.md): the API server forgets when it dies, as its cache
// begins anew; without a cache for pods etcd answers, which forgets when it is
// compacted. Nothing else may be the reason of a gap.

const (
	apiServer = "kube-apiserver"
	uncached  = "--arg=--watch-cache-sizes=pods#0"
)

// Faults that make a gap, and those that may.
const (
	forcedByRestart    = "history gone with the API server's cache"
	forcedByCompaction = "history gone by compaction"
	apiServerKilled    = "API server killed"
	etcdKilled         = "etcd killed"
	compacted          = "compaction"
)

func (s *stage) controlFaults() []fault {
	restart := func(_ context.Context, rng *rand.Rand) error { return s.restart(rng, apiServerKilled, apiServer) }
	force := func(_ context.Context, rng *rand.Rand) error { return s.forceGap(rng, forcedByRestart, s.loseCache) }
	return []fault{
		{6 * time.Second, restart},
		{6 * time.Second, restart},
		{6 * time.Second, func(_ context.Context, rng *rand.Rand) error { return s.restart(rng, etcdKilled, "etcd") }},
		{8 * time.Second, func(_ context.Context, rng *rand.Rand) error {
			return s.restart(rng, etcdKilled+" with the API server", "etcd", apiServer)
		}},
		{10 * time.Second, force},
		{10 * time.Second, force},
		{25 * time.Second, s.withoutCache},
		{time.Second, func(context.Context, *rand.Rand) error { return s.compact(compacted) }},
	}
}

// restart kills components and starts them again, with the program running or not.
func (s *stage) restart(rng *rand.Rand, fault string, names ...string) error {
	over := s.during(fault, "")
	defer over()
	begun := s.witness.seen()
	for _, name := range names {
		if _, err := s.cluster.call("kill", name); err != nil {
			return err
		}
	}
	time.Sleep(seconds(rng, 0.2, 2))
	for _, name := range names {
		if _, err := s.cluster.call("start", name); err != nil {
			return err
		}
	}
	s.may(span{begun, s.seenNow(), fault})
	return nil
}

// seenNow is what the witness has seen once it saw something more: the head of
// the history, or behind it.
func (s *stage) seenNow() int64 {
	before := s.witness.seen()
	for end := time.Now().Add(5 * time.Second); s.witness.seen() == before && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	return s.witness.seen()
}

// forceGap kills the program, and has history forgotten that it did not see.
func (s *stage) forceGap(rng *rand.Rand, fault string, forget func(fault string) error) error {
	s.victim.mu.Lock()
	defer s.victim.mu.Unlock()
	if err := s.victim.kill("for a gap"); err != nil {
		return err
	}
	s.awaitChanges(30)
	if err := forget(fault); err != nil {
		return err
	}
	if err := s.victim.start(); err != nil {
		return err
	}
	if rng.IntN(2) == 0 {
		return nil // the killer may hit it while it lists
	}
	return s.awaitGap()
}

// awaitChanges waits until so many revisions have come, or for four seconds.
func (s *stage) awaitChanges(revisions int64) {
	begun := s.witness.seen()
	for end := time.Now().Add(4 * time.Second); s.witness.seen() < begun+revisions && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
}

// awaitGap waits until the program has compared its list.
func (s *stage) awaitGap() error {
	log := s.victim.now().stderr
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if strings.Contains(read(s.t, log), gapEnds) {
			return nil
		}
	}
	return fmt.Errorf("the history is gone, and the logger does not say that it compared: see %s", log)
}

func (s *stage) loseCache(fault string) error {
	begun := s.witness.seen()
	s.note(fault, "")
	if _, err := s.cluster.call("kill", apiServer); err != nil {
		return err
	}
	if _, err := s.cluster.call("start", apiServer); err != nil {
		return err
	}
	s.may(span{begun, s.seenNow(), fault})
	return nil
}

// compact never compacts what the witness has not seen.
func (s *stage) compact(fault string) error {
	revision := s.witness.seen()
	s.note(fault, "to revision %d", revision)
	if fault == forcedByCompaction {
		s.may(span{revision, revision, fault})
	}
	_, err := s.cluster.call("compact", strconv.FormatInt(revision, 10))
	return err
}

// withoutCache has etcd answer for a time, and compacts it then.
func (s *stage) withoutCache(_ context.Context, rng *rand.Rand) error {
	if err := s.swapAPIServer(uncached); err != nil {
		return err
	}
	for range 2 {
		time.Sleep(seconds(rng, 3, 5))
		if err := s.forceGap(rng, forcedByCompaction, s.compact); err != nil {
			return err
		}
	}
	time.Sleep(seconds(rng, 1, 3))
	return s.swapAPIServer()
}

// swapAPIServer starts the API server with other arguments.
func (s *stage) swapAPIServer(args ...string) error {
	over := s.during(apiServerKilled, "to be started with %q", args)
	defer over()
	begun := s.witness.seen()
	if _, err := s.cluster.call("kill", apiServer); err != nil {
		return err
	}
	if _, err := s.cluster.call(append([]string{"start", apiServer}, args...)...); err != nil {
		return err
	}
	s.may(span{begun, s.seenNow(), apiServerKilled})
	return nil
}
