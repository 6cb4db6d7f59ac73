package journal_test

import (
	"runtime"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// TestAcknowledgedMemoryIsReleased: a journal releases the memory of a large backlog of which only one record is left.
func TestAcknowledgedMemoryIsReleased(t *testing.T) {
	const groups, perGroup, size = 64, 256, 4 << 10 // 64 MiB
	m := journal.NewMemory(journal.Options{Capacity: 1 << 30})
	before := heap()
	for range groups {
		var records [][]byte
		for range perGroup {
			records = append(records, make([]byte, size))
		}
		g := journal.Group{
			Records: map[journal.Signal][][]byte{journal.Logs: records}, Emitted: perGroup, Seq: m.Stats().Seq + perGroup,
		}
		if err := m.Commit(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown < groups*perGroup*size {
		t.Fatalf("the backlog takes %d bytes: this test measures nothing", grown)
	}
	for m.Stats().Records > 1 {
		b := next(t, m, 1<<20, min(100, m.Stats().Records-1))
		ack(t, m, b)
	}
	if left := heap() - before; left > 2<<20 {
		t.Errorf("%d bytes are still held for one record", left)
	}
	runtime.KeepAlive(m)
}

func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
