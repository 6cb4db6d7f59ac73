package pluginhost

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/time/rate"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// What a plugin prints goes into the host's log, under the plugin's name, but not
// more than anybody would read: a plugin that floods has the rest of its lines
// counted and left out, and long lines are cut.
const (
	linesPerSecond = 20
	linesAtOnce    = 200
	maxLine        = 4 << 10
)

// output reads what a plugin prints. It lives as long as the plugin is configured,
// over all its processes.
type output struct {
	log     *slog.Logger
	limit   *rate.Limiter
	dropped atomic.Uint64 // lines left out
	noted   rate.Sometimes

	mu   sync.Mutex
	last string // the last line on stderr, to explain why it does not start
}

func newOutput(log *slog.Logger) *output {
	return &output{log: log, limit: rate.NewLimiter(linesPerSecond, linesAtOnce), noted: rate.Sometimes{Interval: time.Minute}}
}

// oneLine makes what a plugin says fit for an error: one line, not too long, and
// nothing that would steer a terminal.
func oneLine(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, record.Valid(s[:min(len(s), 4*most)]))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// readStdout hands over the first line, which is the handshake, and logs the rest.
func (o *output) readStdout(r io.Reader, handshake func(line []byte)) {
	eachLine(r, func(line []byte) {
		if handshake == nil {
			if o.allow() {
				o.print(slog.LevelInfo, string(line))
			}
			return
		}
		handshake(line)
		handshake = nil
	})
}

// readStderr logs what a plugin prints there: lines of JSON as hclog and slog
// write them with their level, all others as they are.
func (o *output) readStderr(r io.Reader) {
	level := slog.LevelInfo
	eachLine(r, func(line []byte) {
		text := string(line)
		if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
			o.remember(text)
			level = slog.LevelError // and so the stack that follows
		}
		if !o.allow() { // before anything is made of it
			return
		}
		if entry, ok := parseEntry(line); ok {
			o.remember(entry.message)
			o.log.LogAttrs(context.Background(), entry.level, record.Valid(entry.message), slog.GroupAttrs("attributes", entry.attrs...))
			return
		}
		if level != slog.LevelError {
			o.remember(text)
		}
		o.print(level, text)
	})
}

// allow tells whether another line may be logged.
func (o *output) allow() bool {
	if o.limit.Allow() {
		return true
	}
	o.dropped.Add(1)
	o.noted.Do(func() { o.log.Warn("plugin writes more lines than are logged, the rest is left out and counted") })
	return false
}

// Write logs what a plugin prints once go-plugin has put its own in the place of
// stdout and stderr.
func (o *output) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if o.allow() {
			o.print(slog.LevelInfo, strings.TrimSuffix(line[:min(len(line), maxLine)], "\n"))
		}
	}
	return len(b), nil
}

func (o *output) print(level slog.Level, line string) {
	if strings.TrimSpace(line) != "" {
		o.log.LogAttrs(context.Background(), level, record.Valid(line))
	}
}

func (o *output) remember(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = line
}

// takeLast returns the last line since the last call.
func (o *output) takeLast() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.last
	o.last = ""
	return last
}

// eachLine reads to the end. What is longer than a line may be is cut.
func eachLine(r io.Reader, do func(line []byte)) {
	reader := bufio.NewReaderSize(r, maxLine)
	for {
		line, more, err := reader.ReadLine()
		if err != nil {
			return
		}
		do(slices.Clone(line))
		for more && err == nil {
			_, more, err = reader.ReadLine()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

// entry is a line of a structured log.
type entry struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// parseEntry reads a line that is a JSON object with a message, under the keys
// of hclog or of slog. Nothing of it is taken for granted.
func parseEntry(line []byte) (e entry, ok bool) {
	if len(line) == 0 || line[0] != '{' {
		return e, false
	}
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		return e, false
	}
	if e.message, ok = takeString(fields, "@message", "msg"); !ok {
		return e, false
	}
	level, _ := takeString(fields, "@level", "level")
	_, _ = takeString(fields, "@timestamp", "time")
	if e.level.UnmarshalText([]byte(level)) != nil {
		e.level = slog.LevelInfo
	}
	if strings.EqualFold(level, "trace") {
		e.level = slog.LevelDebug
	}
	for key, value := range fields {
		e.attrs = append(e.attrs, slog.Any(key, value))
	}
	slices.SortFunc(e.attrs, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return e, true
}

// takeString takes the first of the keys out of the fields whose value is a
// string.
func takeString(fields map[string]any, keys ...string) (string, bool) {
	for _, key := range keys {
		if s, ok := fields[key].(string); ok {
			delete(fields, key)
			return s, true
		}
	}
	return "", false
}
