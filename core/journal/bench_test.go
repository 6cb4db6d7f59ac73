package journal_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

const benchGroup = 256

// benchGroups returns groups of 256 records of 1.5 KB, with 300 KB of lines, and 256 entries of 500 bytes of the state
// of 10,000 pods.
func benchGroups() func(seq uint64) journal.Group {
	record, lines, value := make([]byte, 1500), bytes.Repeat([]byte("line\n"), 60_000), make([]byte, 500)
	const pods = 10_000
	keys, at := make([]string, pods), 0
	for i := range keys {
		keys[i] = fmt.Sprintf("%08x-pod", uint32(i)*2654435761) // as far apart as those that begin with a uid
	}
	return func(seq uint64) journal.Group {
		g := journal.Group{
			Emitted: benchGroup, Seq: seq + benchGroup, Lines: lines, State: make(map[string][]byte, benchGroup),
		}
		records := make([][]byte, benchGroup)
		g.Records = map[journal.Signal][][]byte{journal.Logs: records}
		for i := range records {
			records[i] = record
			g.State[keys[at%pods]] = value
			at++
		}
		return g
	}
}

// BenchmarkJournal commits, takes and acknowledges groups, with and without a backlog of a thousand groups. On disk, a
// backlog is read from the file.
func BenchmarkJournal(b *testing.B) {
	for _, backlog := range []int{0, 1000} {
		for _, kind := range []string{"memory", "disk"} {
			b.Run(fmt.Sprintf("%s/backlog=%d", kind, backlog), func(b *testing.B) {
				benchmark(b, kind, backlog)
			})
		}
	}
}

func benchmark(b *testing.B, kind string, backlog int) {
	b.Helper()
	var err error
	j, o := (*journal.Journal)(nil), journal.Options{Capacity: 1 << 40}
	if kind == "memory" {
		j = journal.NewMemory(o)
	} else if j, err = open(b.TempDir(), o, boltstore.Options{}); err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	next, seq := benchGroups(), uint64(0)
	commit := func() {
		if err := j.Commit(b.Context(), next(seq)); err != nil {
			b.Fatal(err)
		}
		j.Written()
		seq += benchGroup
	}
	for range 40 + backlog { // all pods are known, then
		commit()
	}
	take := func() {
		batch, err := j.Outbox(journal.Logs).Next(b.Context(), 3<<20, benchGroup)
		if err != nil {
			b.Fatal(err)
		}
		j.Outbox(journal.Logs).Sent(len(batch.Records))
		if err := j.Outbox(journal.Logs).Ack(batch); err != nil {
			b.Fatal(err)
		}
	}
	for j.Stats().Records > backlog*benchGroup {
		take()
	}
	b.ReportAllocs()
	for b.Loop() {
		commit()
		take()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchGroup), "ns/record")
	b.ReportMetric(float64(j.Stats().FileBytes)/(1<<20), "MiB-file")
}
