package journal_test

import (
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/journal/boltstore"
)

// open opens the journal in a directory.
func open(dir string, o journal.Options, s boltstore.Options) (*journal.Journal, error) {
	store, err := boltstore.Open(dir, s)
	if err != nil {
		return nil, err
	}
	return journal.Open(store, o)
}

func openReadOnly(dir string) (*journal.Journal, error) {
	store, err := boltstore.OpenReadOnly(dir)
	if err != nil {
		return nil, err
	}
	return journal.Open(store, journal.Options{})
}

// openDir opens a journal that is closed when the test ends.
func openDir(t *testing.T, dir string, o journal.Options, s ...boltstore.Options) *journal.Journal {
	t.Helper()
	j, err := open(dir, o, append(s, boltstore.Options{})[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// openFaulty opens a journal whose transactions fail with the error of fault, if that returns one.
func openFaulty(t *testing.T, dir string, o journal.Options, fault func() error) *journal.Journal {
	t.Helper()
	store, err := boltstore.Open(dir, boltstore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(faulty{store, fault}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

type faulty struct {
	journal.Store
	fault func() error
}

func (f faulty) Apply(c *journal.Change) (journal.Result, error) {
	if err := f.fault(); err != nil {
		return journal.NotStored, err
	}
	return f.Store.Apply(c)
}
