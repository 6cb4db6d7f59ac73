//go:build e2e

package pipeline

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// noRecords are lines that aren't records, although some look like one.
var noRecords = map[string]string{
	"text":                "a line of text",
	"half a record":       `{"time":"2026-11-23T16:45:24.468000000Z","lev`,
	"other JSON":          `{"a":"1"}`,
	"no time":             `{"level":"INFO","msg":"m","a":"1"}`,
	"no message":          `{"record_id":"evil","trace_id":"zz","action":"x"}`,
	"no trace ID":         `{"record_id":"evil","trace_id":"zz","action":"x","msg":"m"}`,
	"a trace ID's number": `{"record_id":"evil","trace_id":1,"action":"x","msg":"m"}`,
	"no span ID":          `{"record_id":"evil","span_id":"B7AD6B7169203331","action":"x","msg":"m"}`,
	"no action":           `{"record_id":"evil","msg":"m"}`,
	"an action's number":  `{"record_id":"evil","action":1,"msg":"m"}`,
	"an action's object":  `{"record_id":"evil","action":{"a":"b"},"msg":"m"}`,
	"a message's list":    `{"record_id":"evil","action":"x","msg":["m"]}`,
	"an ID's number":      `{"record_id":1,"action":"x","msg":"m"}`,
	"a level's object":    `{"record_id":1,"level":{"a":"b"},"action":"x","msg":"m"}`,
	"a time's number":     `{"record_id":1,"time":1,"action":"x","msg":"m"}`,
	"a list":              `["record_id"]`,
}

// TestNoRecord checks that other lines of the log file arrive unchanged, and that they don't
// affect the records around them.
func TestNoRecord(t *testing.T) {
	records := run(t, nil, loggerProgram, "replay", seed)
	want := throughContainer(t, cri(records, 16<<10), inSeed)
	others := slices.Sorted(maps.Values(noRecords))
	var file bytes.Buffer
	i := 0
	for line := range bytes.Lines(records) {
		if i < len(others) {
			file.Write(cri([]byte(others[i]+"\n"), 16<<10))
			i++
		}
		file.Write(cri(line, 16<<10))
	}
	if i != len(others) {
		t.Fatal("there are more other lines than records")
	}
	file.WriteString("not even a container's\n")

	store := otlptest.New(t, otlptest.Options{HTTP: true})
	c := newCollector(t, store.URL())
	write(t, c.container(), file.Bytes())
	c.start()
	wait.Until(t, "the store has all", func() bool { return len(taken(store)) == len(others)+1+inSeed })
	c.stop()
	got, bodies := make(map[string]entry), make(map[any]bool)
	for _, e := range taken(store) {
		if id, ok := e.Attributes[record.AttrID].(string); ok {
			got[id] = e
			continue
		}
		bodies[e.Own["Body"]] = true
	}
	if len(got) != inSeed {
		t.Errorf("%d lines became records, want %d", len(got), inSeed)
	}
	compare(t, want, got)
	if len(bodies) != len(others)+1 {
		t.Errorf("of the other lines there are %d, want %d: %v", len(bodies), len(others)+1, bodies)
	}
	for _, text := range []string{"not even a container's", noRecords["text"], noRecords["half a record"]} {
		if !bodies[text] {
			t.Errorf("the store does not have %s", text)
		}
	}
}

// TestBetweenParts checks that a line of stderr between the parts of a split stdout line
// doesn't become part of it.
func TestBetweenParts(t *testing.T) {
	records := run(t, nil, loggerProgram, "replay", seed)
	want := throughContainer(t, cri(records, 16<<10), inSeed)
	var file strings.Builder
	for line := range strings.Lines(string(records)) {
		half := len(line) / 2
		fmt.Fprintf(&file, "%s stdout P %s\n%[1]s stderr F {\"level\":\"INFO\"}\n%[1]s stderr P a part\n%[1]s stdout F %[3]s",
			stamp, line[:half], line[half:])
	}
	compare(t, want, throughContainer(t, []byte(file.String()), inSeed))
}
