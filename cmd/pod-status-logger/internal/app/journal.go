package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// openJournal opens the journal in the state directory, or one in memory.
func (s *service) openJournal() error {
	size, _ := s.config.State.Bytes() // the configuration was validated
	outage := newOutage(s.log, "writing the journal fails, retrying", "writing the journal works again")
	options := journal.Options{
		Capacity:   size,
		DropOldest: s.config.State.DropsOldest(),
		OnError:    func(err error) { outage.Fail(err) },
	}
	if s.config.State.Dir == "" {
		s.journal = journal.NewMemory(options)
	} else {
		warnOfStateDir(s.config.State.Dir, s.log)
		options.Capacity = fitVolume(s.config.State.Dir, size, s.log)
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

// OpenJournal opens the journal in a directory, or creates it.
func OpenJournal(dir string, o journal.Options) (*journal.Journal, error) {
	store, err := boltstore.Open(dir, boltstore.Options{})
	if err != nil {
		return nil, explainPermission(err)
	}
	j, err := journal.Open(store, o)
	return j, explainPermission(err)
}

// OpenJournalReadOnly opens the journal in a directory without changing it.
func OpenJournalReadOnly(dir string) (*journal.Journal, error) {
	store, err := boltstore.OpenReadOnly(dir)
	if err != nil {
		return nil, explainPermission(err)
	}
	j, err := journal.Open(store, journal.Options{})
	return j, explainPermission(err)
}

// fitVolume returns the capacity that a journal may have on the file system of its directory: a journal that fills
// it could not even record which records were acknowledged, and would stay full.
func fitVolume(dir string, capacity int64, log *slog.Logger) int64 {
	volume := volumeSize(dir)
	// The file has free pages, and state beside the records.
	if fits := volume / 2; volume > 0 && capacity > fits {
		log.Warn("the volume of the journal is too small for state.maxSize: using half of the volume instead",
			"dir", dir, "volume", volume, "maxSize", capacity, "using", fits)
		return fits
	}
	return capacity
}

// explainPermission adds the user to an error of permissions.
func explainPermission(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; the directory and its files have to be writable by user %d", err, os.Getuid())
	}
	return err
}
