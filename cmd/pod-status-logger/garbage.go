package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// Go lets as much garbage gather as there is memory in use: with few pods that is
// so little that it is collected each two thousand events, for a tenth of the CPU
// time. So there is room for this much garbage at least. With many pods it is a
// little more than what Go gives: a collection costs as much as there is in use.
const (
	garbageRoom  = 16 << 20
	leastGarbage = 130 // percent of what is in use
	mostGarbage  = 400
)

// garbageShare returns how much garbage may gather, in percent of what is in use.
func garbageShare(inUse uint64) int {
	return int(min(max(100*garbageRoom/max(inUse, 1), leastGarbage), mostGarbage))
}

// keepGarbageRoom sets after each collection when the next one is due, until stop
// is called. GOGC in the environment wins; GOMEMLIMIT holds besides: the runtime
// collects earlier where it is near.
func keepGarbageRoom(lookup func(string) (string, bool)) (stop func()) {
	if _, set := lookup("GOGC"); set {
		return func() {}
	}
	before := debug.SetGCPercent(mostGarbage) // until the first collection, with 4 MB times this
	k := &garbageKeeper{share: mostGarbage}
	k.watch()
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.stopped = true
		debug.SetGCPercent(before)
	}
}

// freeListed collects the garbage of a list: it is as much as the states that are kept,
// and where few events follow no collection is due for minutes.
func freeListed() { go debug.FreeOSMemory() }

// garbageKeeper learns of each collection, for it leaves something to be collected.
type garbageKeeper struct {
	mu      sync.Mutex
	share   int
	stopped bool
}

func (k *garbageKeeper) watch() {
	canary := new([16]byte)
	runtime.AddCleanup(canary, func(k *garbageKeeper) { k.collected() }, k)
}

// collected sets the share anew where it is off by more than a tenth: to set it
// stops the program for a moment.
func (k *garbageKeeper) collected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return
	}
	share := garbageShare(heapInUse())
	if off := share - k.share; 10*max(off, -off) > k.share {
		debug.SetGCPercent(share)
		k.share = share
	}
	k.watch()
}

// heapInUse returns what the last collection found to be in use.
func heapInUse() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return live[0].Value.Uint64()
}
