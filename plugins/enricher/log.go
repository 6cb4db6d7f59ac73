package enricher

import (
	"io"
	"log/slog"
)

// newLogHandler writes what the host understands: lines of JSON with the keys of
// hclog, which go-plugin's hosts read. Which levels are of interest is the host's
// business.
func newLogHandler(w io.Writer) slog.Handler {
	keys := map[string]string{slog.TimeKey: "@timestamp", slog.LevelKey: "@level", slog.MessageKey: "@message"}
	return slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if key, ok := keys[a.Key]; ok && len(groups) == 0 {
				a.Key = key
			}
			return a
		},
	})
}
