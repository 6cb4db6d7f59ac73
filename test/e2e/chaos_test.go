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
)

var (
	duration = flag.Duration("duration", 0, "for how long TestChaos goes on; 0: not at all")
	seed     = flag.Uint64("seed", 0, "what TestChaos draws its faults from; 0: drawn, too")
)

// TestChaos kills whatever can be killed, again and again, while pods come and
// go. In the end everything that happened must have been told once, in order, on
// stdout and at the Collector.
func TestChaos(t *testing.T) {
	if *duration == 0 {
		t.Skip("make chaos runs it")
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	s := newStage(t, keptWhereFailed(t))
	s.say("seed %d, for %s", *seed, *duration)
	begin(s.cluster)
	s.until = time.Now().Add(*duration)
	c := s.rage(t)
	s.say("the faults are over: %d requests changed something", c.done)
	s.settle()

	v := s.judge()
	rows := s.checkFaults(v)
	v.explain(os.Stdout)
	v.table(os.Stdout, rows)
	fmt.Println(v)
	if v.sum() > 0 {
		t.Fail()
	}
}

// keptWhereFailed is a folder that stays if the test fails.
func keptWhereFailed(t *testing.T) string {
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			fmt.Printf("what happened is kept in %s\n", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// newStage starts everything.
func newStage(t *testing.T, dir string) *stage {
	s := &stage{disk: mountDisk(t, filepath.Join(dir, "state"))}
	s.cluster = startCluster(t)
	s.ledger = newLedger(t)
	s.say("cluster in %s, the rest in %s", s.cluster.dir, dir)
	s.witness = startFollower(t, s.cluster, dir)
	s.receiver = newReceiver(t, dir)
	s.network = startProxy(t, s.receiver.address)
	var err error
	if s.victim, err = newVictim(s.ledger, dir, s.cluster.Info.LoggerKubeconfig, s.disk.dir, s.network.address); err != nil {
		t.Fatal(err)
	}
	if err := s.receiver.start(); err != nil {
		t.Fatal(err)
	}
	if err := s.victim.start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the logger is ready", s.victim.now().ready.Load)
	return s
}

func begin(c *cluster) {
	for _, name := range churned {
		deploy(c, name, 10, "")
	}
}

// rage has all hands work until the time is over.
func (s *stage) rage(t *testing.T) *churner {
	ctx, cancel := context.WithDeadline(t.Context(), s.until)
	defer cancel()
	rng := func(hand uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, hand)) }
	c := &churner{cluster: s.cluster, rng: rng(0)}
	var hands sync.WaitGroup
	hands.Go(func() { c.run(ctx) })
	hands.Go(func() { s.slay(ctx, rng(1)) })
	hands.Go(func() { s.work(ctx, rng(2), 1200*time.Millisecond, s.deliveryFaults()) })
	hands.Go(func() { s.work(ctx, rng(3), 3*time.Second, s.controlFaults()) })
	hands.Wait()
	return c
}

// settle ends all pods, waits until that is told everywhere, and stops
// everything in good order.
func (s *stage) settle() {
	s.t.Helper()
	for _, name := range churned {
		s.cluster.remove(deployments + "/" + name)
	}
	begun := time.Now()
	s.cluster.eventually("all pods are gone", func() bool {
		grace := object{}
		if time.Since(begun) > 15*time.Second { // kwok gives up where a kubelet would not
			grace["gracePeriodSeconds"] = 0
		}
		s.cluster.do(http.MethodDelete, namespace, grace)
		return len(list(s.cluster.do(http.MethodGet, namespace, nil), "items")) == 0
	})
	s.victim.mu.Lock()
	defer s.victim.mu.Unlock()
	eventually(s.t, "the logger is ready", s.victim.now().ready.Load)
	version := s.lastWord()
	s.say("the last change is %s", version)
	eventually(s.t, "the last change is on stdout", func() bool {
		return strings.Contains(tail(s.t, s.victim.out.Name()), `"resource_version":"`+version+`"`)
	})
	eventually(s.t, "the last change is at the collector", func() bool { return s.receiver.has(version) })
	s.failed(s.victim.stop())
	s.failed(s.receiver.stop())
	s.failed(s.witness.failed())
	s.witness.stop()
	checkGone(s.t, s.victim.plugins)
}

// lastWord makes a pod and deletes it, and returns the revision of that.
func (s *stage) lastWord() string {
	s.cluster.do(http.MethodPost, namespace, pod("last", "manual"))
	gone := s.cluster.do(http.MethodDelete, namespace+"/last", object{"gracePeriodSeconds": 0})
	if text(gone, "metadata", "name") != "last" {
		s.t.Fatalf("delete the last pod: %v", gone)
	}
	var after int64
	s.cluster.eventually("the last pod is gone", func() bool {
		left := s.cluster.do(http.MethodGet, namespace, nil)
		after = number(s.t, text(left, "metadata", "resourceVersion"))
		return len(list(left, "items")) == 0
	})
	eventually(s.t, "the witness has the last change", func() bool { return s.witness.seen() >= after })
	_, end, _ := strings.Cut(tail(s.t, s.witness.stdout), "\n")
	all := changes(s.t, []byte(end))
	return all[len(all)-1].ResourceVersion
}

func (s *stage) judge() *report {
	return check(s.t, observed{
		changes: changes(s.t, []byte(read(s.t, s.witness.stdout))),
		stdout:  []byte(read(s.t, s.victim.out.Name())), ends: s.victim.ends(), logs: s.victim.logs(),
		collector: s.receiver.received(), bundleOf: appOf, faults: s.spans,
	})
}
