//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

const (
	apiServer = "kube-apiserver"
	uncached  = "--arg=--watch-cache-sizes=pods#0"
)

// Faults of the control plane that force a gap, and those that may cause one. The API server
// loses the history of watches when it ends, as its cache is in memory. Without a cache for
// pods etcd answers, which loses it by compaction. See test/cluster/README.md.
const (
	forcedByRestart    = "history gone with the API server's cache"
	forcedByCompaction = "history gone by compaction"
	apiServerKilled    = "API server killed"
	etcdKilled         = "etcd killed"
	compacted          = "compaction"
)

func (s *chaosRun) controlFaults() []fault {
	restart := func(name string, components ...string) inject {
		return func(ctx context.Context, rng *rand.Rand) error { return s.restart(ctx, rng, name, components...) }
	}
	force := func(ctx context.Context, rng *rand.Rand) error {
		return s.forceGap(ctx, rng, forcedByRestart, s.loseCache)
	}
	return []fault{
		{6 * time.Second, restart(apiServerKilled, apiServer)},
		{6 * time.Second, restart(apiServerKilled, apiServer)},
		{6 * time.Second, restart(etcdKilled, "etcd")},
		{8 * time.Second, restart(etcdKilled+" with the API server", "etcd", apiServer)},
		{10 * time.Second, force},
		{10 * time.Second, force},
		{25 * time.Second, s.withoutCache},
		{time.Second, func(ctx context.Context, _ *rand.Rand) error { return s.compact(ctx, compacted) }},
	}
}

// restart kills components and starts them again while the program may be running.
func (s *chaosRun) restart(ctx context.Context, rng *rand.Rand, fault string, names ...string) error {
	over := s.during(fault, "")
	defer over()
	begun := s.follower.revision()
	for _, name := range names {
		if _, err := s.cluster.tryRun("kill", name); err != nil {
			return err
		}
	}
	sleep(ctx, seconds(rng, 0.2, 2))
	for _, name := range names {
		if _, err := s.cluster.tryRun("start", name); err != nil {
			return err
		}
	}
	s.mayCauseGap(span{begun, s.nextRevision(ctx), fault})
	return nil
}

// nextRevision waits for a further revision, which is the head of the history or near it.
func (s *chaosRun) nextRevision(ctx context.Context) int64 {
	before := s.follower.revision()
	await(ctx, 5*time.Second, func() bool { return s.follower.revision() > before })
	return s.follower.revision()
}

// forceGap kills the program, and makes the server lose history that the program has not read.
func (s *chaosRun) forceGap(ctx context.Context, rng *rand.Rand, fault string,
	lose func(context.Context, string) error,
) error {
	s.logger.mu.Lock()
	defer s.logger.mu.Unlock()
	if err := s.logger.kill("for a gap"); err != nil {
		return err
	}
	begun := s.follower.revision()
	await(ctx, 4*time.Second, func() bool { return s.follower.revision() >= begun+30 })
	if err := lose(ctx, fault); err != nil {
		return err
	}
	if err := s.logger.start(); err != nil {
		return err
	}
	if rng.IntN(2) == 0 {
		return nil // the next kill may hit it while it reads the list
	}
	log := s.logger.last().Stderr
	if !await(ctx, wait.Patience, func() bool { return strings.Contains(read(s.t, log), gapEnds) }) {
		return fmt.Errorf("the history is gone, and the logger has not compared its list: see %s", log)
	}
	return nil
}

func (s *chaosRun) loseCache(ctx context.Context, fault string) error {
	begun := s.follower.revision()
	s.note(fault, "")
	if _, err := s.cluster.tryRun("kill", apiServer); err != nil {
		return err
	}
	if _, err := s.cluster.tryRun("start", apiServer); err != nil {
		return err
	}
	s.mayCauseGap(span{begun, s.nextRevision(ctx), fault})
	return nil
}

// compact compacts only what the follower has read.
func (s *chaosRun) compact(_ context.Context, fault string) error {
	revision := s.follower.revision()
	s.note(fault, "to revision %d", revision)
	if fault == forcedByCompaction {
		s.mayCauseGap(span{revision, revision, fault})
	}
	_, err := s.cluster.tryRun("compact", strconv.FormatInt(revision, 10))
	return err
}

// withoutCache has etcd answer for a time, and compacts it meanwhile.
func (s *chaosRun) withoutCache(ctx context.Context, rng *rand.Rand) error {
	if err := s.swapAPIServer(ctx, uncached); err != nil {
		return err
	}
	for range 2 {
		sleep(ctx, seconds(rng, 3, 5))
		if err := s.forceGap(ctx, rng, forcedByCompaction, s.compact); err != nil {
			return err
		}
	}
	sleep(ctx, seconds(rng, 1, 3))
	return s.swapAPIServer(ctx)
}

// swapAPIServer restarts the API server with other arguments.
func (s *chaosRun) swapAPIServer(ctx context.Context, args ...string) error {
	over := s.during(apiServerKilled, "to be started with %q", args)
	defer over()
	begun := s.follower.revision()
	if _, err := s.cluster.tryRun("kill", apiServer); err != nil {
		return err
	}
	if _, err := s.cluster.tryRun(append([]string{"start", apiServer}, args...)...); err != nil {
		return err
	}
	s.mayCauseGap(span{begun, s.nextRevision(ctx), apiServerKilled})
	return nil
}
