package enricher

import (
	"io"
	"log/slog"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// newLogHandler writes lines for hosts with go-plugin: JSON with the keys and the time format
// of hclog. The host filters by level.
func newLogHandler(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: likeHclog})
}

// likeHclog renames slog's own keys, and prevents attributes of the plugin from having these
// names. It can't distinguish a message from an attribute "msg" with a text.
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

// hclogLevel returns the next lower level of hclog, which has none in between.
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
