package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// openJournal opens the journal that the configuration names, or makes one in
// memory.
func (s *Service) openJournal() error {
	size, _ := s.config.State.Bytes() // validated before
	trouble := newOutage(s.log, "the journal can't be written, trying again", "the journal is written again")
	options := journal.Options{
		Capacity:   size,
		DropOldest: s.config.State.DropsOldest(),
		OnError:    func(err error) { trouble.Fail(err) },
	}
	if s.config.State.Dir == "" {
		s.journal = journal.NewMemory(options)
	} else {
		var err error
		if s.journal, err = OpenJournal(s.config.State.Dir, options); err != nil {
			return err
		}
	}
	s.closers.push(func() error {
		if err := s.journal.Close(); err != nil {
			return fmt.Errorf("close the journal: %w; the next start may deliver a few records again", err)
		}
		return nil
	})
	s.metrics.RegisterJournal(s.journal.Stats)
	return nil
}

// OpenJournal opens the journal in a directory, or makes a new one.
func OpenJournal(dir string, o journal.Options) (*journal.Journal, error) {
	store, err := boltstore.Open(dir, boltstore.Options{})
	if err != nil {
		return nil, ExplainPermission(err)
	}
	j, err := journal.Open(store, o)
	return j, ExplainPermission(err)
}

// OpenJournalReadOnly opens the journal in a directory without changing it.
func OpenJournalReadOnly(dir string) (*journal.Journal, error) {
	store, err := boltstore.OpenReadOnly(dir)
	if err != nil {
		return nil, ExplainPermission(err)
	}
	j, err := journal.Open(store, journal.Options{})
	return j, ExplainPermission(err)
}

// ExplainPermission adds to an error of permissions which user lacks them.
func ExplainPermission(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; the folder and its files have to be writable for user %d", err, os.Getuid())
	}
	return err
}

// unwritten returns the lines of an earlier run that may not be on stdout, and ends the
// line that it may have left unfinished.
func (s *Service) unwritten(env Environment) []byte {
	lines := s.journal.Unwritten()
	if err := onNewLine(env.Stdout, len(lines) > 0); err != nil {
		s.log.Warn("can't find out whether stdout ends with a whole line", "error", err)
	}
	return lines
}

// restore restores the states and checkpoints of an earlier run.
func (s *Service) restore() error {
	if s.config.State.Dir == "" {
		return nil
	}
	stats := s.journal.Stats()
	restored, err := s.pipeline.Restore(stats.Totals.Emitted, s.journal.State(), s.config.WatchedNamespaces())
	if err != nil {
		return fmt.Errorf("journal in %s: %w; move it away to start anew", s.config.State.Dir, err)
	}
	if stats.Committed.IsZero() {
		s.log.Info("starting with a new journal", "dir", s.config.State.Dir)
		return nil
	}
	s.log.Info("going on from the journal", "dir", s.config.State.Dir, "pods", restored.Pods, "records_waiting", stats.Records,
		"dead_letters", stats.DeadRecords, "seq", stats.Totals.Emitted, "stored", stats.Committed.UTC())
	if stats.HeadDamaged {
		s.log.Warn("one of the two heads of the journal was damaged, as by a power cut; its last transaction may be missing, and is done again")
	}
	if stats.Records > 0 && s.sender == nil {
		s.log.Warn("records wait for an OTLP receiver, and none is named", "records_waiting", stats.Records)
	}
	if stats.DeadRecords > 0 {
		s.log.Warn("the OTLP receiver has refused records for good; journal dead-letter shows them", "dead_letters", stats.DeadRecords)
	}
	if restored.Left > 0 {
		s.log.Warn("pods of namespaces that are not watched any more are forgotten, without a record", "pods", restored.Left)
	}
	return nil
}

// onNewLine ends the line that a killed run has left unfinished. A file shows
// whether there is one; on a pipe there may be if lines were left unwritten.
func onNewLine(stdout *os.File, unwritten bool) error {
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
