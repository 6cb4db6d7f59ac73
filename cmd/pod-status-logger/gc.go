package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// By default, Go's collector lets garbage grow to the size of the live heap. With few
// pods that heap is so small that a collection is due every 2,000 events and takes a
// tenth of the CPU time, so it may grow to gcMinGarbage. With many pods it may be a
// little more than the default: a collection costs as much as the heap is large.
//
// In a quiet cluster collections are rare whatever the limit is. There, it is the
// garbage of gcInterval, and at least gcQuietPercent.
const (
	gcMinGarbage = 16 << 20
	gcMinPercent = 130 // of the live heap
	gcMaxPercent = 400

	gcInterval     = 10 * time.Second
	gcQuietPercent = 50
)

// gcPercent returns the GC percentage for a size of the live heap, and a number of
// bytes that are allocated per second.
func gcPercent(live, perSecond uint64) int {
	live = max(live, 1)
	busy := min(max(100*gcMinGarbage/live, gcMinPercent), gcMaxPercent)
	quiet := max(100*perSecond*uint64(gcInterval/time.Second)/live, gcQuietPercent)
	return int(min(busy, quiet))
}

// tuneGC sets the GC percentage after each collection, until undo is called. GOGC
// in the environment turns that off. GOMEMLIMIT has its effect in any case.
func tuneGC(lookup func(string) (string, bool)) (undo func()) {
	if _, set := lookup("GOGC"); set {
		return func() {}
	}
	before := debug.SetGCPercent(gcMaxPercent) // until the first collection, at 4 MB times this
	t := &gcTuner{percent: gcMaxPercent, last: time.Now()}
	t.awaitCollection()
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.stopped = true
		debug.SetGCPercent(before)
	}
}

// freeGarbageOfList frees the garbage of a list of pods. There is as much of it as of
// the states that are kept, and with few events no collection is due for minutes.
func freeGarbageOfList() { go debug.FreeOSMemory() }

// gcTuner adjusts the GC percentage after each collection. It gets to know of them by
// an object that each one collects.
type gcTuner struct {
	mu        sync.Mutex
	percent   int
	last      time.Time // collection
	allocated uint64    // bytes until then
	stopped   bool
}

func (t *gcTuner) awaitCollection() {
	garbage := new([16]byte)
	runtime.AddCleanup(garbage, func(t *gcTuner) { t.collected() }, t)
}

// collected adjusts the percentage if it is off by more than a tenth, as setting it
// stops the program for a moment.
func (t *gcTuner) collected() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	percent := t.next(time.Now(), heapBytes("/gc/heap/live:bytes"), heapBytes("/gc/heap/allocs:bytes"))
	if off := percent - t.percent; 10*max(off, -off) > t.percent {
		debug.SetGCPercent(percent)
		t.percent = percent
	}
	t.awaitCollection()
}

// next returns the percentage after a collection, from the size of the live heap and the
// bytes that the process has allocated since its start.
func (t *gcTuner) next(now time.Time, live, allocated uint64) int {
	perSecond := float64(allocated-t.allocated) / max(now.Sub(t.last), time.Millisecond).Seconds()
	t.last, t.allocated = now, allocated
	return gcPercent(live, uint64(perSecond))
}

// heapBytes returns a metric of the runtime, 0 if it has none of that name.
func heapBytes(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
