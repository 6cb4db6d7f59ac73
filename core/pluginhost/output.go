package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A plugin's output goes into the host's log, under the plugin's name, but not
// more than anybody would read: further lines are dropped and counted, and long
// lines are cut.
const (
	linesPerSecond = 20
	linesAtOnce    = 200
	maxLine        = 4 << 10
)

// output logs what a plugin prints. It lives as long as the plugin is configured,
// over all its instances.
type output struct {
	log     *slog.Logger
	limit   *rate.Limiter
	dropped atomic.Uint64 // lines
	noted   rate.Sometimes

	mu   sync.Mutex
	last string // line on stderr, to explain why it does not start
}

func newOutput(log *slog.Logger) *output {
	return &output{
		log:   log,
		limit: rate.NewLimiter(linesPerSecond, linesAtOnce),
		noted: rate.Sometimes{Interval: time.Minute},
	}
}

// allow reports whether another line may be logged, and counts it if not.
func (o *output) allow() bool {
	if o.limit.Allow() {
		return true
	}
	o.dropped.Add(1)
	o.noted.Do(func() { o.log.Warn("plugin writes more lines than are logged, the rest is left out and counted") })
	return false
}

// readStdout passes the first line to handshake and logs the rest.
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

// readStderr logs lines of JSON, as hclog and slog write them, with their level,
// and other lines as they are.
func (o *output) readStderr(r io.Reader) {
	level := slog.LevelInfo
	eachLine(r, func(line []byte) {
		text := string(line)
		if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
			o.remember(text)
			level = slog.LevelError // of the stack that follows, too
		}
		if !o.allow() { // before the line is parsed
			return
		}
		if entry, ok := parseEntry(line); ok {
			o.remember(entry.message)
			attributes := slog.GroupAttrs("attributes", entry.attrs...)
			o.log.LogAttrs(context.Background(), entry.level, record.Valid(entry.message), attributes)
			return
		}
		if level != slog.LevelError {
			o.remember(text)
		}
		o.print(level, text)
	})
}

// Write logs what a plugin prints after go-plugin has replaced its stdout and
// stderr.
func (o *output) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if o.allow() {
			o.print(slog.LevelInfo, strings.TrimSuffix(line[:min(len(line), maxLine)], "\n"))
		}
	}
	return len(b), nil
}

// panicked logs a panic of a plugin within this process.
func (o *output) panicked(reason string, stack []byte) {
	if o.allow() {
		o.log.Error("plugin panicked", "reason", reason, "stack", string(stack))
	}
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

// takeLast returns the last line since it was last called.
func (o *output) takeLast() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.last
	o.last = ""
	return last
}

// eachLine reads to the end. Long lines are cut.
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
