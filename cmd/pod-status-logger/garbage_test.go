package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGarbageShare(t *testing.T) {
	for _, c := range []struct {
		inUse uint64
		want  int
	}{{0, 400}, {1, 400}, {4 << 20, 400}, {8 << 20, 200}, {16 << 20, 130}, {50 << 20, 130}, {1 << 40, 130}} {
		if got := garbageShare(c.inUse); got != c.want {
			t.Errorf("%d bytes in use: %d percent, want %d", c.inUse, got, c.want)
		}
	}
}

// TestKeepGarbageRoom: once more is in use, less garbage may gather, and after
// that it is as before.
func TestKeepGarbageRoom(t *testing.T) {
	before := garbagePercent()
	stop := keepGarbageRoom(func(string) (string, bool) { return "", false })
	held := make([]byte, 64<<20)
	for deadline := time.Now().Add(10 * time.Second); garbagePercent() != 130; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("with 64 MB in use it is %d percent, want 130", garbagePercent())
		}
		runtime.GC()
	}
	runtime.KeepAlive(held)
	for deadline := time.Now().Add(10 * time.Second); garbagePercent() == 130; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it stays at 130 percent where little is in use")
		}
		runtime.GC()
	}
	stop()
	runtime.GC()
	if got := garbagePercent(); got != before {
		t.Errorf("it is %d percent afterwards, want %d as before", got, before)
	}
}

// TestGOGC: what the environment says holds.
func TestGOGC(t *testing.T) {
	before := garbagePercent()
	defer keepGarbageRoom(func(name string) (string, bool) { return "off", name == "GOGC" })()
	if got := garbagePercent(); got != before {
		t.Errorf("it is %d percent, want %d", got, before)
	}
}

func garbagePercent() int {
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent
}
