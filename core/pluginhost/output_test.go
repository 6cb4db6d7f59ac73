package pluginhost

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestOutput: the lines that a plugin logs and prints are in the host's log with their level
// and the plugin's name, in any form. They come in three ways, so the test waits for the last
// line of each.
func TestOutput(t *testing.T) {
	p, log := hosted(t, specOf(t, "prints"))
	answers(t, p)
	for _, text := range []string{"printed on stdout", "printed on stderr", `"msg":"logged"`} {
		log.Await(t, text)
	}
	found := map[string]string{}
	for line := range strings.Lines(log.String()) {
		var l struct{ Level, Msg, Plugin string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l.Plugin != "faulty" || !utf8.ValidString(l.Msg) || len(l.Msg) > maxLine {
			t.Errorf("%s", line)
		}
		found[l.Msg] = l.Level
	}
	for message, level := range map[string]string{
		`{"@message":5,"@level":{},"@timestamp":[]}`: "INFO",
		"structured":        "WARN",
		"bad UTF-8: \uFFFD": "INFO",
		"logged":            "ERROR",
	} {
		if found[message] != level {
			t.Errorf("%q has level %q, want %s", message, found[message], level)
		}
	}
	if !strings.Contains(log.String(), `"attributes":{"file":"teams.yaml"}`) {
		t.Errorf("attributes are lost:\n%s", log)
	}
}

// TestFlood: a plugin that floods its log is not held up, further lines are counted, and
// the log gets no more than somebody can read.
func TestFlood(t *testing.T) {
	start := time.Now()
	p, log := hosted(t, specOf(t, "floods"))
	wait.Until(t, "dropped lines", func() bool { return p.Stats().LinesDropped > 10_000 })
	answers(t, p)
	n := strings.Count(log.String(), "\n")
	if most := linesAtOnce + int(time.Since(start).Seconds()+2)*linesPerSecond; n > most {
		t.Errorf("%d lines, want at most %d", n, most)
	}
}

// FuzzEntry: any line is an entry or not, and none makes the host panic.
func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"@level":"info","@message":"hi","@timestamp":"2026-11-23T17:00:00.000000Z","n":1}`))
	f.Add([]byte(`{"level":"ERROR","msg":"hi","time":5,"a":{"b":[null]}}`))
	f.Add([]byte(`{"@message":5}`))
	f.Add([]byte(`{"msg":"","level":"trace"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, ok := parseEntry(line)
		if ok && !json.Valid(line) {
			t.Errorf("%q was taken for JSON", line)
		}
		out := newOutput(slog.New(slog.DiscardHandler))
		out.readStderr(strings.NewReader(string(line)+"\n"), nil)
		if ok && strings.TrimSpace(e.message) != "" && out.takeLast() != e.message {
			t.Error("the message is not remembered")
		}
	})
}
