package pluginhost

import (
	"context"
	"log/slog"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// newPluginLog returns the log of a plugin within this process, with the same
// bounds and the same form as that of a process.
func newPluginLog(out *output) *slog.Logger {
	return slog.New(boundedHandler{out.log.Handler().WithGroup("attributes"), out})
}

type boundedHandler struct {
	slog.Handler
	out *output
}

// Handle drops records beyond the limits of an output.
func (h boundedHandler) Handle(ctx context.Context, r slog.Record) error {
	if !h.out.allow() {
		return nil
	}
	r.Message = record.Valid(r.Message[:min(len(r.Message), maxLine)])
	return h.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler with the same bounds.
func (h boundedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return boundedHandler{h.Handler.WithAttrs(attrs), h.out}
}

// WithGroup returns a handler with the same bounds.
func (h boundedHandler) WithGroup(name string) slog.Handler {
	return boundedHandler{h.Handler.WithGroup(name), h.out}
}
