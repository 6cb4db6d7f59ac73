package journal

import (
	"bytes"
	"cmp"
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestReady: the times at which a consumer that lets records gather is woken.
func TestReady(t *testing.T) {
	const from, never = time.Second, time.Hour
	for name, c := range map[string]struct {
		waits int // records of 100 bytes that are there already
		bytes int // wanted; 0: many
		do    func(ctx context.Context, j *Journal)
		after time.Duration
	}{
		"nothing comes": {after: never},
		"one was there": {waits: 1, after: from},
		"one comes":     {do: add(1), after: from},
		"one comes late": {do: func(ctx context.Context, j *Journal) {
			time.Sleep(time.Minute)
			add(1)(ctx, j)
		}, after: time.Minute},
		"enough was there":   {waits: 10},
		"enough comes":       {waits: 4, do: add(6)},
		"enough bytes":       {waits: 4, bytes: 500, do: add(1)},
		"too few bytes":      {waits: 3, bytes: 500, do: add(1), after: from},
		"a quarter is taken": {do: add(8)},
		"a commit waits":     {waits: 1, do: func(ctx context.Context, j *Journal) { add(32)(ctx, j) }},
		"sealed":             {do: func(_ context.Context, j *Journal) { j.Seal() }},
		"closed":             {do: func(_ context.Context, j *Journal) { _ = j.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				j := NewMemory(Options{Capacity: 3200})
				for range c.waits {
					add(1)(ctx, j)
				}
				start := time.Now()
				ready := j.Outbox(Logs).Ready(start.Add(from), cmp.Or(c.bytes, 1<<20), 10)
				if c.do != nil {
					go c.do(ctx, j)
				}
				select {
				case <-ready:
				case <-time.After(never - time.Since(start)):
				}
				if got := time.Since(start); got != c.after {
					t.Errorf("ready after %v, want %v", got, c.after)
				}
			})
		})
	}
}

// TestReadyAgain: the timer of a wait that is over doesn't end the next.
func TestReadyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Options{Capacity: 3200})
		add(1)(t.Context(), j)
		first := j.Outbox(Logs).Ready(time.Now().Add(time.Second), 1<<20, 10)
		second := j.Outbox(Logs).Ready(time.Now().Add(time.Minute), 1<<20, 10)
		<-first // it is forgotten, and nobody waits for it in vain
		start := time.Now()
		if <-second; time.Since(start) != time.Minute {
			t.Errorf("the second wait took %v", time.Since(start))
		}
	})
}

// add commits n records of 100 bytes.
func add(n int) func(context.Context, *Journal) {
	return func(ctx context.Context, j *Journal) {
		var records [][]byte
		for range n {
			records = append(records, bytes.Repeat([]byte("r"), 100))
		}
		_ = j.Commit(ctx, Group{Records: map[Signal][][]byte{Logs: records}, Emitted: n, Seq: 1 << 20})
	}
}
