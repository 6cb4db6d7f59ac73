package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/pod-status-logger/pod-status-logger/core/ratelog"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A plugin's output goes into the host's log, under the plugin's name, but not
// more than anybody would read: further lines are dropped and counted, and long
// lines are cut. If a plugin prints even faster than lines can be dropped at
// little cost, it has to wait: its output is not read for a while.
const (
	linesPerSecond = 20
	linesAtOnce    = 200
	maxLine        = 4 << 10

	readPerSecond = 1 << 20 // bytes
	readAtOnce    = 4 << 20
	lineCost      = 64 // bytes that a line counts for besides its own
	minPause      = 100 * time.Millisecond
	maxPause      = time.Second
)

// output logs what a plugin prints. It lives as long as the plugin is configured,
// over all its instances.
type output struct {
	log     *slog.Logger
	limit   *rate.Limiter // of lines that are logged
	reading *rate.Limiter // of bytes that are read
	dropped atomic.Uint64 // lines
	flood   *ratelog.Limiter
	words   lastWords
}

func newOutput(log *slog.Logger) *output {
	return &output{
		log:     log,
		limit:   rate.NewLimiter(linesPerSecond, linesAtOnce),
		reading: rate.NewLimiter(readPerSecond, readAtOnce),
		flood:   ratelog.New(log, time.Minute),
	}
}

// allow reports whether another line may be logged, and counts it if not.
func (o *output) allow() bool {
	if o.limit.Allow() {
		return true
	}
	o.dropped.Add(1)
	o.flood.Log(slog.LevelWarn, "plugin logs too much; excess lines are dropped and counted")
	return false
}

// pace waits while more than readPerSecond is printed, in few long pauses. Once ended is
// closed, no writer is left to slow down.
func (o *output) pace(bytes int, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	default:
	}
	pause := o.reading.ReserveN(time.Now(), min(bytes+lineCost, readAtOnce)).Delay()
	if pause < minPause {
		return
	}
	timer := time.NewTimer(min(pause, maxPause))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ended:
	}
}

// readStdout passes the first line to handshake and logs the rest. ended is closed
// when the process has ended.
func (o *output) readStdout(r io.Reader, ended <-chan struct{}, handshake func(line []byte)) {
	o.eachLine(r, ended, func(line []byte) {
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
func (o *output) readStderr(r io.Reader, ended <-chan struct{}) {
	level := slog.LevelInfo
	o.eachLine(r, ended, func(line []byte) {
		text := string(line)
		if isPanic(text) {
			level = slog.LevelError // of the stack that follows, too
		}
		if level == slog.LevelError {
			o.words.add(text) // even if it is not logged
		}
		if !o.allow() { // before the line is parsed
			return
		}
		if entry, ok := parseEntry(line); ok {
			o.words.add(entry.message)
			attributes := slog.GroupAttrs("attributes", entry.attrs...)
			o.log.LogAttrs(context.Background(), entry.level, record.Valid(entry.message), attributes)
			return
		}
		if level != slog.LevelError {
			o.words.add(text)
		}
		o.print(level, text)
	})
}

// Write logs what a plugin prints after go-plugin has replaced its stdout and
// stderr.
func (o *output) Write(b []byte) (int, error) {
	o.pace(len(b), nil)
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

// takeLast returns the last words since it was last called.
func (o *output) takeLast() string { return o.words.take() }

// eachLine reads to the end, at the pace of [output.pace]. Long lines are cut.
func (o *output) eachLine(r io.Reader, ended <-chan struct{}, do func(line []byte)) {
	reader := bufio.NewReaderSize(r, maxLine)
	for {
		line, more, err := reader.ReadLine()
		if err != nil {
			return
		}
		do(slices.Clone(line))
		o.pace(len(line), ended)
		for more && err == nil {
			line, more, err = reader.ReadLine()
			o.pace(len(line), ended)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}
