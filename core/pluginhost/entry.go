package pluginhost

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
)

// entry is a line of a structured log.
type entry struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// parseEntry reads a line that is a JSON object with a message, with the keys of
// hclog or of slog. The types of its values may be wrong.
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

// takeString removes the first of the keys whose value is a string, and returns
// the value.
func takeString(fields map[string]any, keys ...string) (string, bool) {
	for _, key := range keys {
		if s, ok := fields[key].(string); ok {
			delete(fields, key)
			return s, true
		}
	}
	return "", false
}
