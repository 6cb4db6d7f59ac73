package cli

import (
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// newLogger returns the program's own log: JSON on stderr, or text where that
// is a terminal. It never goes where records go.
func newLogger(stderr *os.File, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // validated before
	}
	options := &slog.HandlerOptions{Level: l, ReplaceAttr: readableDuration}
	if isTerminal(stderr) {
		return slog.New(slog.NewTextHandler(stderr, options))
	}
	return slog.New(slog.NewJSONHandler(stderr, options))
}

// readableDuration writes durations with their unit: in JSON they would be bare
// nanoseconds.
func readableDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(time.Millisecond).String())
	}
	return a
}

// widthOf returns the width of a terminal, and 0 where there is none.
func widthOf(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// wantsColor says whether a terminal shows colours, and its user wants them:
// https://no-color.org.
func wantsColor(lookup func(string) (string, bool)) bool {
	kind, _ := lookup("TERM")
	return kind != "dumb" && !config.IsSet(lookup, "NO_COLOR")
}
