package enricher

import (
	"io"
	"log/slog"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// newLogHandler writes what hosts with go-plugin understand: lines of JSON with
// the keys and the time format of hclog. Which levels are of interest is the
// host's business.
func newLogHandler(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: likeHclog})
}

// likeHclog renames what is slog's own, and keeps an attribute of the plugin from
// passing for it. A message can't be told from an attribute "msg" that is a text.
func likeHclog(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	kind := a.Value.Kind()
	switch level, isLevel := a.Value.Any().(slog.Level); {
	case a.Key == slog.TimeKey && kind == slog.KindTime:
		return slog.String("@timestamp", a.Value.Time().Format(hclog.TimeFormatJSON))
	case a.Key == slog.LevelKey && isLevel:
		return slog.String("@level", hclogLevel(level))
	case a.Key == slog.MessageKey && kind == slog.KindString:
		return slog.String("@message", a.Value.String())
	}
	a.Key = strings.TrimPrefix(a.Key, "@")
	return a
}

// hclogLevel is the level of hclog that is no higher: it knows none in between.
func hclogLevel(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warn"
	case level >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}
