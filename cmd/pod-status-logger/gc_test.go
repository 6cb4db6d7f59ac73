package main

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {1, 400}, {4 << 20, 400}, {8 << 20, 200}, {16 << 20, 130}, {50 << 20, 130}, {1 << 40, 130}} {
		if got := gcPercent(c.live); got != c.want {
			t.Errorf("%d bytes live: %d percent, want %d", c.live, got, c.want)
		}
	}
}

// TestTuneGC: the percentage follows the live heap, and is restored afterwards.
func TestTuneGC(t *testing.T) {
	before := currentPercent()
	undo := tuneGC(func(string) (string, bool) { return "", false })
	held := make([]byte, 64<<20)
	wait.Until(t, "130 percent with 64 MB live", func() bool { runtime.GC(); return currentPercent() == 130 })
	runtime.KeepAlive(held)
	wait.Until(t, "more than 130 percent with little live", func() bool { runtime.GC(); return currentPercent() > 130 })
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

func currentPercent() int {
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent
}
