package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// stat is the output of journal stat.
type stat struct {
	Stored      time.Time `json:"stored"` // time of the last commit
	FileBytes   int64     `json:"file_bytes"`
	Received    uint64    `json:"received_events"`
	Changed     uint64    `json:"changed_events"`
	Suppressed  uint64    `json:"suppressed_records"`
	Emitted     uint64    `json:"emitted_records"` // the last seq
	Stdout      sinkStat  `json:"stdout"`
	OTLP        sinkStat  `json:"otlp"`
	WaitingFrom time.Time `json:"waiting_since,omitzero"`
}

type sinkStat struct {
	Committed    uint64 `json:"committed"`
	Sent         uint64 `json:"sent"`
	Acknowledged uint64 `json:"acknowledged"`
	Rejected     uint64 `json:"rejected"` // among those acknowledged
	Dead         uint64 `json:"dead"`
	Dropped      uint64 `json:"dropped"`
	Waiting      uint64 `json:"waiting"`
}

func printStat(s journal.Stats, out io.Writer) error {
	b, err := json.MarshalIndent(stat{
		Stored: s.Committed.UTC(), FileBytes: s.FileBytes,
		Received: s.Totals.Received, Changed: s.Totals.Changed, Suppressed: s.Totals.Suppressed, Emitted: s.Totals.Emitted,
		Stdout: sinkStatOf(s.Totals.Stdout), OTLP: sinkStatOf(s.Signals[journal.Logs].Totals),
		WaitingFrom: s.Signals[journal.Logs].Oldest.UTC(),
	}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}

func sinkStatOf(t journal.SinkTotals) sinkStat {
	return sinkStat{t.Committed, t.Sent, t.Acknowledged, t.Rejected, t.Dead, t.Dropped, t.Waiting()}
}

func dumpWaiting(j *journal.Journal, out io.Writer) error {
	for w, err := range j.Outbox(journal.Logs).Waiting() {
		if err != nil {
			return err
		}
		line, err := emit.OTLPJSON(w.Data)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// deadLetter is a line of the output of journal dead-letter.
type deadLetter struct {
	Seq    uint64          `json:"seq"`
	At     time.Time       `json:"refused_at"`
	Reason string          `json:"reason"`
	Record json.RawMessage `json:"record"`
}

func printDeadLetters(j *journal.Journal, seqs []uint64, out io.Writer) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for d, err := range j.Outbox(journal.Logs).DeadLetters() {
		if err != nil {
			return err
		}
		if len(seqs) > 0 && !slices.Contains(seqs, d.Seq) {
			continue
		}
		line, err := emit.OTLPJSON(d.Record)
		if err != nil {
			return err
		}
		if err := lines.Encode(deadLetter{d.Seq, d.At.UTC(), d.Reason, line}); err != nil {
			return err
		}
	}
	return nil
}
