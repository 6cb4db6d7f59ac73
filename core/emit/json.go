package emit

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// MaxLine is the greatest length of a line, newline included. Container runtimes split
// longer ones, and log agents then don't recognise the JSON.
const MaxLine = 16 << 10

// JSON makes a line of at most [MaxLine] bytes of a record: one flat JSON object with the
// keys of the table of fields. Use [NewJSON].
type JSON struct {
	b       []byte
	start   int // of the line in b
	members []member
	omitted bool                  // the record says that labels are omitted
	given   []string              // keys of plugins in this record
	plugins []string              // prefixes of the keys of plugins
	taken   func(key string) bool // isPlugins, allocated once
}

var _ Format = (*JSON)(nil)

// NewJSON returns the format for log agents. plugins are the names of the plugins: no
// label gets a key that could be one of theirs, even in records without any.
func NewJSON(plugins ...string) *JSON {
	j := &JSON{}
	for _, name := range plugins {
		j.plugins = append(j.plugins, name+".")
	}
	j.taken = j.isPlugins
	return j
}

// member is the position of a key and its value in the line.
type member struct {
	start, value, end int // start is the position of the comma before it
	kind              memberKind
}

// Append appends the line for r to b.
func (j *JSON) Append(b []byte, r Record) []byte {
	j.b, j.start = b, len(b)
	j.members, j.given, j.omitted = j.members[:0], j.given[:0], false
	j.b = append(j.b, `{"time":"`...)
	j.b = appendTime(j.b, r.Timestamp())
	j.b = append(j.b, `","level":"`...)
	j.b = append(j.b, levelOf(r.Severity()).String()...)
	j.b = append(j.b, '"')
	j.member(record.KeyMessage, r.Body(), memberOther)
	for i := range r.Attributes {
		j.attribute(&r.Attributes[i])
	}
	if id := r.TraceID(); id.IsValid() {
		j.hex(record.KeyTraceID, id[:])
	}
	if id := r.SpanID(); id.IsValid() {
		j.hex(record.KeySpanID, id[:])
	}
	if j.omitted {
		j.b = append(j.b, truncatedMember...)
	}
	j.b = append(j.b, '}', '\n')
	if len(j.b)-j.start > MaxLine {
		j.cut()
	}
	b, j.b = j.b, nil
	return b
}

// attribute appends an attribute with its key for stdout. Those of plugins come before
// labels, so that a collision with a label is found.
func (j *JSON) attribute(a *Attribute) {
	switch {
	case a.Key == record.AttrTruncated:
		j.omitted = true // the last member, as in a line that is cut
	case a.Field != nil:
		if a.Field.Key != "" {
			j.member(a.Field.Key, a.Value, kindOf(a.Field.Key))
		}
	case a.Label:
		j.member(record.LabelKey(a.LabelKey(), j.taken), a.Value, memberLabel)
	default:
		j.given = append(j.given, string(a.Key))
		j.member(string(a.Key), a.Value, memberPlugin)
	}
}

// isPlugins reports whether a key is that of a plugin, or could be mistaken for one by a reader that ignores case.
func (j *JSON) isPlugins(key string) bool {
	return slices.ContainsFunc(j.given, func(given string) bool { return strings.EqualFold(given, key) }) ||
		slices.ContainsFunc(j.plugins, func(prefix string) bool {
			return len(key) >= len(prefix) && strings.EqualFold(key[:len(prefix)], prefix)
		})
}

// member appends a key and its value.
func (j *JSON) member(key string, v attribute.Value, kind memberKind) {
	m := member{start: len(j.b), kind: kind}
	j.key(key)
	m.value = len(j.b)
	switch v.Type() {
	case attribute.BOOL:
		j.b = strconv.AppendBool(j.b, v.AsBool())
	case attribute.INT64:
		j.b = strconv.AppendInt(j.b, v.AsInt64(), 10)
	case attribute.FLOAT64:
		j.b = appendFloat(j.b, v.AsFloat64())
	case attribute.STRING:
		j.b = appendQuoted(j.b, v.AsString())
	default:
		j.b = appendQuoted(j.b, v.String())
	}
	m.end = len(j.b)
	j.members = append(j.members, m)
}

func (j *JSON) hex(key string, id []byte) {
	j.key(key)
	j.b = append(j.b, '"')
	j.b = hex.AppendEncode(j.b, id)
	j.b = append(j.b, '"')
}

func (j *JSON) key(key string) {
	j.b = append(j.b, ',')
	j.b = appendQuoted(j.b, key)
	j.b = append(j.b, ':')
}

// appendTime appends a time in RFC 3339 with all nine digits, so that lines sort by time.
// Package time has a fast path for the layout without them.
func appendTime(b []byte, t time.Time) []byte {
	b = t.UTC().AppendFormat(b, time.RFC3339)
	b[len(b)-1] = '.' // was Z
	for unit := 100_000_000; unit > 0; unit /= 10 {
		b = append(b, byte('0'+t.Nanosecond()/unit%10))
	}
	return append(b, 'Z')
}

func levelOf(s log.Severity) record.Level {
	switch {
	case s >= log.SeverityError:
		return record.LevelError
	case s >= log.SeverityWarn:
		return record.LevelWarning
	}
	return record.LevelInfo
}
