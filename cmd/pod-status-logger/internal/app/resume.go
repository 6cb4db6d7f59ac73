package app

import (
	"fmt"
	"io"
	"os"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// unwritten returns the lines of an earlier run that may not be on stdout, after it has
// ended the last line there.
func (s *service) unwritten(env Environment) []byte {
	lines := s.journal.Unwritten()
	if err := endLastLine(env.Stdout, len(lines) > 0); err != nil {
		s.log.Warn("can't determine whether stdout ends with a complete line", "error", err)
	}
	return lines
}

// resume restores the states and checkpoints of an earlier run.
func (s *service) resume() error {
	dir := s.config.State.Dir
	if dir == "" {
		return nil
	}
	stats := s.journal.Stats()
	restored, err := s.pipeline.Restore(stats.Totals.Emitted, s.journal.State(), s.config.WatchedNamespaces())
	if err != nil {
		return fmt.Errorf("journal in %s: %w; move it away to start over", dir, err)
	}
	if stats.Committed.IsZero() {
		s.log.Info("starting with a new journal", "dir", dir)
		return nil
	}
	logs := stats.Signals[journal.Logs]
	s.log.Info("resuming from the journal", "dir", dir, "pods", restored.Pods, "records_waiting", logs.Records,
		"dead_letters", logs.DeadRecords, "seq", stats.Totals.Emitted, "stored", stats.Committed.UTC())
	s.warnOfJournal(stats)
	if restored.Left > 0 {
		s.log.Warn("pods of namespaces that are no longer watched are forgotten, without a record", "pods", restored.Left)
	}
	return nil
}

func (s *service) warnOfJournal(stats journal.Stats) {
	if stats.HeadDamaged {
		s.log.Warn("one of the two meta pages of the journal was damaged, as by a power failure; " +
			"the last transaction may be missing and is repeated")
	}
	logs := stats.Signals[journal.Logs]
	if logs.Records > 0 && s.sender == nil {
		s.log.Warn("records are pending, but no OTLP receiver is configured", "records_waiting", logs.Records)
	}
	if logs.DeadRecords > 0 {
		s.log.Warn("the OTLP receiver has refused records permanently; journal dead-letter prints them",
			"dead_letters", logs.DeadRecords)
	}
}

// endLastLine ends the line that a killed run has left unfinished. A regular file shows
// whether there is one; a pipe may have one if lines are unwritten.
func endLastLine(stdout *os.File, unwritten bool) error {
	if stdout == nil {
		return nil
	}
	info, err := stdout.Stat()
	switch {
	case err != nil:
		return err
	case info.Mode()&os.ModeNamedPipe != 0 && unwritten:
		_, err := stdout.WriteString("\n")
		return err
	case !info.Mode().IsRegular() || info.Size() == 0:
		return nil
	}
	file, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", stdout.Fd())) // stdout itself can't be read
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil && err != io.EOF || last[0] == '\n' {
		return err
	}
	_, err = stdout.WriteString("\n")
	return err
}
