package emit

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// MaxLine is the length of a line, newline included, above which container
// runtimes split it and agents see no JSON any more.
const MaxLine = 16 << 10

// timeLayout is RFC 3339 with all nine digits, so that lines sort by time.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// JSON writes a record as one flat JSON object on a line of at most [MaxLine]
// bytes, with the keys of the table of fields. Use [NewJSON].
type JSON struct {
	b       []byte
	start   int // of the line in b
	members []member
	given   []string              // keys that plugins gave to this record
	plugins []string              // what the keys of plugins begin with
	taken   func(key string) bool // isPlugins, made once
}

var _ Format = (*JSON)(nil)

// NewJSON returns the format that log agents read. plugins are the names of those
// that may add to records: a label can't pass for one of their keys, also where
// they have nothing to say.
func NewJSON(plugins ...string) *JSON {
	j := &JSON{}
	for _, name := range plugins {
		j.plugins = append(j.plugins, name+".")
	}
	j.taken = j.isPlugins
	return j
}

// member is where a key and its value stand in the line.
type member struct {
	start, value, end int // start is that of the comma before it
	kind              memberKind
}

// Append appends the line for r to b.
func (j *JSON) Append(b []byte, r Record) []byte {
	j.b, j.start = b, len(b)
	j.members, j.given = j.members[:0], j.given[:0]
	j.b = append(j.b, `{"time":"`...)
	j.b = r.Timestamp().UTC().AppendFormat(j.b, timeLayout)
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
	j.b = append(j.b, '}', '\n')
	if len(j.b)-j.start > MaxLine {
		j.cut()
	}
	b, j.b = j.b, nil
	return b
}

// attribute appends one attribute under its key on stdout. Those of plugins come
// before labels, so that a label is known to collide with them.
func (j *JSON) attribute(a *Attribute) {
	switch {
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

func (j *JSON) isPlugins(key string) bool {
	return slices.Contains(j.given, key) ||
		slices.ContainsFunc(j.plugins, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
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

// appendFloat appends a number, or as a string what JSON has no number for: NaN
// and the infinities.
func appendFloat(b []byte, f float64) []byte {
	number, err := json.Marshal(f)
	if err != nil {
		return appendQuoted(b, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return append(b, number...)
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

const hexDigits = "0123456789abcdef"

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendEscaped(b, s)
	return append(b, '"')
}

// appendEscaped appends s as the inside of a JSON string. Besides what JSON
// asks for it escapes the other control characters and the line separators
// U+2028 and U+2029: some reader takes each of them for the end of a line, or
// obeys it on a terminal. HTML is left alone.
func appendEscaped(b []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		if plainByte[s[i]] {
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(s[i:])
		if plain(c, size) {
			i += size
			continue
		}
		b = append(b, s[done:i]...)
		b = appendEscape(b, c)
		i += size
		done = i
	}
	return append(b, s[done:]...)
}

// plainByte tells the characters of ASCII that stand for themselves, which nearly
// all are.
var plainByte = func() (plain [256]bool) {
	for c := range byte(utf8.RuneSelf) {
		plain[c] = c >= ' ' && c != '"' && c != '\\' && c != 0x7f
	}
	return plain
}()

// plain tells the same of a character that plainByte doesn't know.
func plain(c rune, size int) bool {
	if c == utf8.RuneError {
		return size > 1
	}
	return c >= 0xa0 && c != '\u2028' && c != '\u2029'
}

func appendEscape(b []byte, c rune) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', byte(c))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', hexDigits[c>>12&0xf], hexDigits[c>>8&0xf], hexDigits[c>>4&0xf], hexDigits[c&0xf])
}
