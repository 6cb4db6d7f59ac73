package app

import (
	"context"
	"log/slog"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// spansOf returns a service whose journal has room for 4,000 bytes, and the outbox of its spans, with one of 1,100.
func spansOf(t *testing.T) (*service, *journal.Outbox) {
	t.Helper()
	j, err := OpenJournal(t.TempDir(), journal.Options{Capacity: 4000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	s := &service{
		journal: j, log: slog.New(slog.DiscardHandler),
		config: config.Config{State: config.StateConfig{MaxSize: "1Gi"}},
	}
	outbox := s.journal.Outbox(journal.Traces)
	spans := map[journal.Signal][][]byte{journal.Traces: {make([]byte, 1100)}}
	if err := s.journal.Commit(t.Context(), journal.Group{Records: spans}); err != nil {
		t.Fatal(err)
	}
	return s, outbox
}

// TestSpansRoomOfCapacity: spans may take a quarter of the journal, not of a state.maxSize that its volume can't hold.
func TestSpansRoomOfCapacity(t *testing.T) {
	s, outbox := spansOf(t)
	if room := s.spansRoom(outbox); room != -100 {
		t.Errorf("room for %d bytes after 1,100 of 4,000", room)
	}
}

// TestDeadSpansAreDiscarded: dead letters of spans, which earlier versions made, don't switch spans off for good.
func TestDeadSpansAreDiscarded(t *testing.T) {
	s, outbox := spansOf(t)
	b, err := outbox.Next(context.Background(), 1<<20, 1)
	if err == nil {
		err = outbox.Refuse(b, "too old")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.discardDeadSpans(outbox)
	if stats := outbox.Stats(); stats.DeadRecords != 0 || s.spansRoom(outbox) != 1000 {
		t.Errorf("%d dead letters are left", stats.DeadRecords)
	}
}
