//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

var (
	duration = flag.Duration("duration", 0, "how long TestChaos injects faults; 0: skip it")
	seed     = flag.Uint64("seed", 0, "seed of TestChaos's faults; 0: a random one")
)

// TestChaos kills and disturbs everything, again and again, while pods come and go. In the
// end every change must have its record once, in order, on stdout and at the Collector.
func TestChaos(t *testing.T) {
	if *duration == 0 {
		t.Skip("make chaos runs it")
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	s := newChaosRun(t, folderKeptOnFailure(t))
	s.print("seed %d, for %s", *seed, *duration)
	for _, name := range churned {
		deploy(s.cluster, name, 10, "")
	}
	s.until = time.Now().Add(*duration)
	changes := s.injectFaults(t)
	s.print("the faults are over: %d requests changed something", changes)
	s.finish()

	r := s.check()
	rows := s.checkFaults(r)
	r.explain(os.Stdout)
	r.table(os.Stdout, rows)
	fmt.Println(r)
	if r.sum() > 0 {
		t.Fail()
	}
}

// folderKeptOnFailure returns a folder that stays if the test fails.
func folderKeptOnFailure(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			fmt.Printf("the files of the run are in %s\n", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// chaosRun is all that takes part in a run of TestChaos.
type chaosRun struct {
	*faultLog
	cluster   *cluster
	follower  *follower
	logger    *loggerRuns
	collector *collectorRuns
	network   *proxy
	disk      *disk
	until     time.Time
}

// newChaosRun starts everything.
func newChaosRun(t *testing.T, dir string) *chaosRun {
	t.Helper()
	s := &chaosRun{disk: mountDisk(t, filepath.Join(dir, "state"))}
	s.cluster = startCluster(t)
	s.faultLog = newFaultLog(t)
	s.print("cluster in %s, the rest in %s", s.cluster.dir, dir)
	s.follower = startFollower(t, s.cluster)
	s.collector = newCollectorRuns(t, dir)
	s.network = startProxy(t, s.collector.address)
	s.logger = newLoggerRuns(s.faultLog, dir, s.cluster.Info.LoggerKubeconfig, s.disk.dir, s.network.address)
	if err := s.collector.start(); err != nil {
		t.Fatal(err)
	}
	if err := s.logger.start(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the logger is ready", s.logger.last().ready.Load)
	return s
}

// injectFaults changes pods and injects faults until the time is over. Several kinds of faults
// go on at the same time, so that they meet. It returns the number of changes.
func (s *chaosRun) injectFaults(t *testing.T) (changes int) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), s.until)
	defer cancel()
	rng := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, stream)) }
	c := &churner{cluster: s.cluster, rng: rng(0)}
	var all sync.WaitGroup
	all.Go(func() { c.run(ctx) })
	all.Go(func() { s.killRepeatedly(ctx, rng(1)) })
	all.Go(func() { s.injectAll(ctx, rng(2), 1200*time.Millisecond, s.deliveryFaults()) })
	all.Go(func() { s.injectAll(ctx, rng(3), 3*time.Second, s.controlFaults()) })
	all.Wait()
	return c.done
}

// finish deletes all pods, waits until the last change is everywhere, and stops everything
// with SIGTERM.
func (s *chaosRun) finish() {
	s.t.Helper()
	s.deletePods()
	s.logger.mu.Lock()
	defer s.logger.mu.Unlock()
	wait.Until(s.t, "the logger is ready", s.logger.last().ready.Load)
	version := s.lastChange()
	s.print("the last change is %s", version)
	wait.Until(s.t, "the last change is on stdout", func() bool {
		return strings.Contains(fileEnd(s.t, s.logger.command.Stdout), `"resource_version":"`+version+`"`)
	})
	wait.Until(s.t, "the last change is at the Collector", func() bool { return s.collector.has(version) })
	s.failed(s.logger.stop())
	s.failed(s.collector.stop())
	s.failed(s.follower.check())
	s.failed(s.follower.Stop())
	checkGone(s.t, s.logger.plugins)
}

func (s *chaosRun) deletePods() {
	s.t.Helper()
	for _, name := range churned {
		s.cluster.remove(deployments + "/" + name)
	}
	begun := time.Now()
	wait.Until(s.t, "all pods are gone", func() bool {
		grace := object{}
		if time.Since(begun) > 15*time.Second { // kwok gives up where a kubelet would not
			grace["gracePeriodSeconds"] = 0
		}
		s.cluster.do(http.MethodDelete, namespace, grace)
		return len(list(s.cluster.get(namespace), "items")) == 0
	})
}

// lastChange creates a pod and deletes it, and returns the revision of the deletion.
func (s *chaosRun) lastChange() string {
	s.t.Helper()
	s.cluster.do(http.MethodPost, namespace, pod("last", "manual"))
	gone := s.cluster.do(http.MethodDelete, namespace+"/last", object{"gracePeriodSeconds": 0})
	if text(gone, "metadata", "name") != "last" {
		s.t.Fatalf("delete the last pod: %v", gone)
	}
	var after int64
	wait.Until(s.t, "the last pod is gone", func() bool {
		left := s.cluster.get(namespace)
		after = number(s.t, text(left, "metadata", "resourceVersion"))
		return len(list(left, "items")) == 0
	})
	wait.Until(s.t, "the follower has the last change", func() bool { return s.follower.revision() >= after })
	_, end, _ := strings.Cut(fileEnd(s.t, s.follower.Stdout), "\n")
	all := changes(s.t, []byte(end))
	return all[len(all)-1].ResourceVersion
}

func (s *chaosRun) check() *report {
	s.t.Helper()
	return check(s.t, observed{
		changes: changes(s.t, []byte(s.follower.Output(s.t))),
		stdout:  []byte(read(s.t, s.logger.command.Stdout)), ends: s.logger.ends(), logs: s.logger.log(),
		collector: s.collector.received(), bundleOf: appOf, faults: s.spans,
	})
}
