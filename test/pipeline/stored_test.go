//go:build e2e

package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// many is the number of records of the long recording.
const many = 6000

// chunks is the number of writes of these records to a file.
const chunks = 50

// TestAcknowledgedIsStored checks that no acknowledged record is missing, while the store is
// away and the Collector is killed repeatedly.
func TestAcknowledgedIsStored(t *testing.T) {
	store := awayStore(t)
	c := newCollector(t, store.URL())
	c.start()
	l := start(t, c.otlp(), loggerProgram, "replay", "--stdout=false", longRecording(t))
	for range 5 {
		attempts := store.Attempts()
		wait.Until(t, "the Collector sends", func() bool { return store.Attempts() > attempts })
		c.kill()
		c.start()
	}
	l.wait() // with everything acknowledged, or it fails
	c.kill()
	c.start()
	store.PlayAlways(nil)
	awaitAll(t, store)
	c.stop()
}

// TestReadIsStored checks the same for lines read from the logger's container.
//
// Without the feature gate that these Collectors have, four of six runs lost 10 to 89 of 6000
// records: the receiver then stores its position before the queue has accepted the lines.
func TestReadIsStored(t *testing.T) {
	store := awayStore(t)
	c := newCollector(t, store.URL())
	lines := cri(run(t, nil, loggerProgram, "replay", longRecording(t)), 16<<10)
	write(t, c.container(), nil)
	file, err := os.OpenFile(c.container(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	c.start()
	for i := range chunks {
		chunk := lines[i*len(lines)/chunks : (i+1)*len(lines)/chunks] // ends in the middle of a line
		if _, err := file.Write(chunk); err != nil {
			t.Fatal(err)
		}
		if i%10 == 5 {
			attempts := store.Attempts()
			wait.Until(t, "the Collector sends", func() bool { return store.Attempts() > attempts })
		}
		if i%10 == 9 {
			c.kill()
			c.start()
		}
	}
	store.PlayAlways(nil)
	awaitAll(t, store)
	c.stop()
}

// TestMemoryRefuses checks that a Collector without memory refuses records, and that none is
// lost.
func TestMemoryRefuses(t *testing.T) {
	store := otlptest.New(t, otlptest.Options{HTTP: true})
	c := newCollector(t, store.URL())
	c.start("yaml:processors::memory_limiter::limit_mib: 2", "yaml:processors::memory_limiter::spike_limit_mib: 1")
	wait.Until(t, "the Collector has no memory", func() bool { return strings.Contains(c.log(), "Refusing data") })
	l := start(t, c.otlp(), loggerProgram, "replay", "--stdout=false", "--shutdown-timeout=2m", longRecording(t))
	wait.Until(t, "the logger is refused", func() bool { return strings.Contains(l.log(), "high memory usage") })
	c.kill()
	c.start()
	l.wait()
	awaitAll(t, store)
	c.stop()
}

// TestFullQueue checks that records that don't fit into the queue on disk stay pending in their
// source, and that none is lost.
func TestFullQueue(t *testing.T) {
	const small = "yaml:exporters::otlp_http::sending_queue::queue_size: 2000000" // of 10 MB
	file := longRecording(t)
	t.Run("over OTLP", func(t *testing.T) {
		store := awayStore(t)
		c := newCollector(t, store.URL())
		c.start(small)
		env := append(c.otlp(), "OTEL_EXPORTER_OTLP_TIMEOUT=1000")
		l := start(t, env, loggerProgram, "replay", "--stdout=false", "--shutdown-timeout=2m", file)
		wait.Until(t, "the logger is refused", func() bool { return strings.Contains(l.log(), "accepts no records") })
		store.PlayAlways(nil)
		l.wait()
		awaitAll(t, store)
		c.stop()
	})
	t.Run("from the container", func(t *testing.T) {
		store := awayStore(t)
		c := newCollector(t, store.URL())
		write(t, c.container(), cri(run(t, nil, loggerProgram, "replay", file), 16<<10))
		c.start(small)
		wait.Until(t, "the Collector sends", func() bool { return store.Attempts() > 0 })
		c.kill()
		c.start(small)
		store.PlayAlways(nil)
		awaitAll(t, store)
		c.stop()
	})
}

// awayStore returns a store that accepts nothing yet.
func awayStore(t *testing.T) *otlptest.Receiver {
	t.Helper()
	store := otlptest.New(t, otlptest.Options{HTTP: true})
	away := otlptest.Unavailable()
	store.PlayAlways(&away)
	return store
}

// awaitAll waits until the store has all records of the long recording. Records that were
// stored but not yet acknowledged when the Collector was killed may have duplicates.
func awaitAll(t *testing.T, store *otlptest.Receiver) {
	t.Helper()
	var missing []int64
	defer func() {
		if t.Failed() {
			t.Logf("%d records are missing: %v", len(missing), missing[:min(len(missing), 100)])
		}
	}()
	wait.Until(t, "the store has all records", func() bool {
		have := make(map[int64]bool)
		for _, e := range taken(store) {
			have[e.seq()] = true
		}
		missing = missing[:0]
		for seq := range int64(many) {
			if !have[seq+1] {
				missing = append(missing, seq+1)
			}
		}
		return len(missing) == 0
	})
}

func longRecording(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	encode := json.NewEncoder(&b)
	for i := range many / 2 {
		pod := newPod(fmt.Sprintf("pod-%d", i))
		pod["metadata"].(object)["labels"] = clashing
		for step, kind := range []string{"ADDED", "DELETED"} {
			pod["metadata"].(object)["resourceVersion"] = strconv.Itoa(1000 + 2*i + step)
			_ = encode.Encode(object{"type": kind, "object": pod})
		}
	}
	file := filepath.Join(t.TempDir(), "long.jsonl")
	write(t, file, b.Bytes())
	return file
}
