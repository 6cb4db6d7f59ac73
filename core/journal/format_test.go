package journal_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// firstFormat makes a directory with a journal that a program of the first format has written. It has waiting records
// of which the first chunk has lost some, dead letters, unwritten lines, states and dropped records.
func firstFormat(t *testing.T) string {
	t.Helper()
	f, err := os.Open("testdata/format-1.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "journal.db"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// firstContents are the contents of that journal, as the program that wrote it has listed them.
func firstContents(t *testing.T) contents {
	t.Helper()
	b, err := os.ReadFile("testdata/format-1.json")
	if err != nil {
		t.Fatal(err)
	}
	var listed struct {
		contents
		Waiting, Dead []string
		Totals        struct {
			journal.Totals
			OTLP journal.SinkTotals
		}
	}
	if err := json.Unmarshal(b, &listed); err != nil {
		t.Fatal(err)
	}
	c := listed.contents
	c.Totals = listed.Totals.Totals
	c.Signals = map[journal.Signal]*signalContents{
		journal.Logs: {listed.Waiting, listed.Dead, listed.Totals.OTLP},
	}
	return c
}

// TestFirstFormat: everything in a journal of the first format is kept, and can be worked with.
func TestFirstFormat(t *testing.T) {
	want := firstContents(t)
	dir := firstFormat(t)
	wantContents(t, must(openReadOnly(dir)), want)
	j := openDir(t, dir, journal.Options{Capacity: 1 << 20})
	wantContents(t, j, want)

	j = openDir(t, dir, journal.Options{Capacity: 1 << 20})
	use(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := contentsOf(openDir(t, dir, journal.Options{Capacity: 1 << 20}))
	if err == nil {
		err = got.balance()
	}
	logs := got.of(journal.Logs)
	if err != nil || len(got.State) != 4 || logs.Totals.Committed != 39 || len(logs.Waiting)+len(logs.Dead) > 0 {
		t.Errorf("after use: %v, %+v", err, got)
	}
}

// wantContents compares and closes a journal.
func wantContents(t *testing.T, j *journal.Journal, want contents) {
	t.Helper()
	got, err := contentsOf(j)
	if err == nil {
		err = same(&want, got)
	}
	if err := errors.Join(err, j.Close()); err != nil {
		t.Error(err)
	}
}

// use resends and acknowledges everything in the journal of the first format.
func use(t *testing.T, j *journal.Journal) {
	t.Helper()
	if n, err := j.Outbox(journal.Logs).Resend(); n != 2 || err != nil {
		t.Errorf("resent %d: %v", n, err)
	}
	commit(t, j, "new")
	j.Written()
	b := next(t, j, 1<<20, 100)
	if len(b.Records) != 22 {
		t.Errorf("%d records wait", len(b.Records))
	}
	j.Outbox(journal.Logs).Sent(len(b.Records))
	ack(t, j, b)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
