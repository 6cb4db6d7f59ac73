package develop

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// handler shows the log of the plugin and of its host in a view.
type handler struct {
	view  *view
	level slog.Level
	attrs []slog.Attr
}

var _ slog.Handler = handler{}

// Enabled reports whether lines of a level are shown.
func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle shows a line. Values of several lines, such as tracebacks, are shown below it.
func (h handler) Handle(_ context.Context, r slog.Record) error {
	message := r.Message
	var texts []string
	add := func(a slog.Attr) bool {
		value := a.Value.Resolve().String()
		switch {
		case a.Key == "plugin": // there is only one
		case strings.Contains(value, "\n"):
			texts = append(texts, value)
		default:
			message += fmt.Sprintf(" %s=%s", a.Key, value)
		}
		return true
	}
	each := func(a slog.Attr) bool {
		if a.Value.Kind() == slog.KindGroup { // the attributes of the plugin's own lines
			for _, inner := range a.Value.Group() {
				add(inner)
			}
			return true
		}
		return add(a)
	}
	for _, a := range h.attrs {
		each(a)
	}
	r.Attrs(each)
	h.view.logged(r.Level.String(), message, texts)
	return nil
}

// WithAttrs returns a handler whose lines have the attributes.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(slices.Clip(h.attrs), attrs...)
	return h
}

// WithGroup returns the same handler: names are enough for people.
func (h handler) WithGroup(string) slog.Handler { return h }
