package main

import (
	"runtime"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func TestGCPercent(t *testing.T) {
	const busy = 1 << 40
	for _, c := range []struct {
		live, perSecond uint64
		want            int
	}{
		{0, busy, 400},
		{1, busy, 400},
		{4 << 20, busy, 400},
		{8 << 20, busy, 200},
		{16 << 20, busy, 130},
		{50 << 20, busy, 130},
		{1 << 40, busy, 130},
		{0, 0, 50},
		{4 << 20, 0, 50},
		{4 << 20, 20 << 10, 50},
		{4 << 20, 400 << 10, 97}, // ten seconds of it
		{50 << 20, 1 << 20, 50},
		{50 << 20, 4 << 20, 80},
	} {
		if got := gcPercent(c.live, c.perSecond); got != c.want {
			t.Errorf("%d bytes live, %d allocated per second: %d percent, want %d", c.live, c.perSecond, got, c.want)
		}
	}
}

// TestNextPercent: the rate is that since the collection before.
func TestNextPercent(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	tuner := &gcTuner{last: start}
	for i, c := range []struct {
		after     time.Duration
		allocated uint64 // since the collection before
		want      int
	}{
		{100 * time.Millisecond, 16 << 20, 400},
		{2 * time.Minute, 2 << 20, 50},
		{10 * time.Second, 5 << 20, 125}, // ten seconds of it
		{0, 1 << 20, 400},                // two at once
	} {
		at := tuner.last.Add(c.after)
		if got := tuner.next(at, 4<<20, tuner.allocated+c.allocated); got != c.want {
			t.Errorf("collection %d: %d percent, want %d", i+1, got, c.want)
		}
	}
}

// TestTuneGC: the percentage is set after a collection, and restored afterwards. Which one it
// is depends on the time between collections, too, of which there may be several at once.
func TestTuneGC(t *testing.T) {
	before := currentPercent()
	undo := tuneGC(func(string) (string, bool) { return "", false })
	if got := currentPercent(); got != gcMaxPercent {
		t.Errorf("%d percent at first, want %d", got, gcMaxPercent)
	}
	held := make([]byte, 64<<20)
	wait.Until(t, "at most 130 percent with 64 MB live", func() bool {
		runtime.GC()
		return currentPercent() <= gcMinPercent
	})
	runtime.KeepAlive(held)
	undo()
	runtime.GC()
	if got := currentPercent(); got != before {
		t.Errorf("%d percent afterwards, want %d as before", got, before)
	}
}

// TestGOGC: GOGC in the environment turns the tuning off.
func TestGOGC(t *testing.T) {
	before := currentPercent()
	defer tuneGC(func(name string) (string, bool) { return "off", name == "GOGC" })()
	if got := currentPercent(); got != before {
		t.Errorf("%d percent, want %d", got, before)
	}
}

// currentPercent only reads: setting it for a moment would undo what the tuner sets
// meanwhile.
func currentPercent() int { return int(heapBytes("/gc/gogc:percent")) }
