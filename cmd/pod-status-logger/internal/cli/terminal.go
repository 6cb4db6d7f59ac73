package cli

import (
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// newLogger returns the program's own log on stderr: text on a terminal, else JSON.
func newLogger(stderr *os.File, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // the configuration was validated
	}
	options := &slog.HandlerOptions{Level: l, ReplaceAttr: readableDuration}
	if isTerminal(stderr) {
		return slog.New(slog.NewTextHandler(stderr, options))
	}
	return slog.New(slog.NewJSONHandler(escaper{stderr}, options))
}

// readableDuration formats durations with their unit. In JSON they would be numbers of
// nanoseconds.
func readableDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(time.Millisecond).String())
	}
	return a
}

// widthOf returns the width of a terminal, 0 for other files.
func widthOf(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// wantsColor reports whether the terminal has colors and its user wants them, see
// https://no-color.org.
func wantsColor(lookup config.Lookup) bool {
	kind, _ := lookup("TERM")
	return kind != "dumb" && !config.IsSet(lookup, "NO_COLOR")
}

// hasUnicode reports whether the locale has UTF-8. Without a locale, terminals are assumed to have it.
func hasUnicode(lookup config.Lookup) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value, _ := lookup(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}
