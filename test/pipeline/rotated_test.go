//go:build e2e

package pipeline

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestRotated checks that each line is read once, although the kubelet renames the file, starts
// a new one and later compresses the first, even while the Collector is down.
func TestRotated(t *testing.T) {
	lines := slices.Collect(bytes.Lines(run(t, nil, loggerProgram, "demo", "--pace=0s")))
	of := func(from, to int) []byte { return cri(bytes.Join(lines[from:to], nil), 16<<10) }
	for name, away := range map[string]bool{"while the Collector runs": false, "while it is away": true} {
		t.Run(name, func(t *testing.T) {
			store := otlptest.New(t, otlptest.Options{HTTP: true})
			c := newCollector(t, store.URL())
			has := func(n int) {
				t.Helper()
				wait.Until(t, "the store has the written records", func() bool { return len(taken(store)) >= n })
			}
			write(t, c.container(), of(0, 5))
			c.start()
			has(5)
			if away {
				c.stop()
			}
			add(t, c.container(), of(5, 10))
			rename(t, c.container(), c.container()+".20261124-100000")
			write(t, c.container(), of(10, 15))
			if away {
				c.start()
			}
			has(15)
			if away {
				c.stop()
			}
			write(t, c.container()+".20261124-100000.gz", compressed(t, of(0, 10)))
			remove(t, c.container()+".20261124-100000")
			add(t, c.container(), of(15, 20))
			rename(t, c.container(), c.container()+".20261124-110000")
			write(t, c.container(), of(20, len(lines)-1))
			if away {
				c.start()
			}
			has(len(lines) - 1)
			// The Collector scans all files again before it reads the last line.
			add(t, c.container(), of(len(lines)-1, len(lines)))
			has(len(lines))
			c.stop()
			if got := len(stored(t, store)); got != len(lines) {
				t.Errorf("the store has %d records, want %d", got, len(lines))
			}
		})
	}
}

func add(t *testing.T, file string, text []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func compressed(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
