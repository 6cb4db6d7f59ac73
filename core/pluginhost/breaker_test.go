package pluginhost

import (
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	b, now := newBreaker(), time.Unix(1_000_000, 0)
	for i := range tripAfter - 1 {
		if tripped, _ := b.bad(now); tripped || !b.allow(now) {
			t.Fatalf("open after %d failures", i+1)
		}
	}
	b.good()
	pause := time.Duration(0)
	for times := 1; times <= 4; times++ {
		for range tripAfter - 1 {
			b.bad(now) // from before, or late ones
		}
		if tripped, n := b.bad(now); times == 1 && (!tripped || n != 1) {
			t.Fatalf("not open after %d failures", tripAfter)
		}
		if !b.open() || b.allow(now) {
			t.Fatal("not open")
		}
		before := pause
		for pause = 0; !b.allow(now.Add(pause)); pause += 100 * time.Millisecond {
			if pause > 2*time.Minute {
				t.Fatal("no call is let through")
			}
		}
		if times == 3 && pause <= 0 || times == 4 && pause < before/3 {
			t.Errorf("pause %v after %v", pause, before)
		}
		now = now.Add(pause)
		if b.allow(now) {
			t.Error("two calls are let through")
		}
		if tripped, n := b.bad(now); !tripped || n != times+1 {
			t.Errorf("opened %v %d times, want %d", tripped, n, times+1)
		}
	}
	for !b.allow(now) {
		now = now.Add(time.Second)
	}
	b.good()
	if b.open() || !b.allow(now) {
		t.Error("not closed by a good call")
	}
}

// TestBreakerGiveUp: a call of which nothing can be said does not keep the next
// one from being let through.
func TestBreakerGiveUp(t *testing.T) {
	b, now := newBreaker(), time.Unix(1_000_000, 0)
	for range tripAfter {
		b.bad(now)
	}
	now = now.Add(time.Hour)
	if !b.allow(now) || b.allow(now) {
		t.Fatal("want one call to be let through")
	}
	b.giveUp()
	if !b.allow(now) {
		t.Error("no more calls are let through")
	}
	if !b.good() || b.good() {
		t.Error("want the first good call to close it")
	}
}
