package emit

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// What is cut of a line that is too long, and how: first info is shortened, then
// whole labels go, the longest first, then whole attributes of plugins; at last
// the other strings are shortened. A label is never shortened: a part of its
// value would be another value.

// memberKind orders the members of a line by when they are cut.
type memberKind uint8

const (
	memberInfo memberKind = iota
	memberLabel
	memberPlugin
	memberOther
)

func kindOf(key string) memberKind {
	if key == "info" {
		return memberInfo
	}
	return memberOther
}

const truncatedMember = `,"` + record.KeyTruncated + `":true`

// cut makes the line at j.start at most MaxLine long and says so in it.
func (j *JSON) cut() {
	excess := len(j.b) - j.start + len(truncatedMember) - MaxLine
	slices.SortStableFunc(j.members, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(b.end-b.start, a.end-a.start))
	})
	var gone []member // stretches of the line to take out
	for _, m := range j.members {
		if excess <= 0 {
			break
		}
		out := m
		switch {
		case m.kind == memberLabel || m.kind == memberPlugin:
		case j.b[m.value] == '"':
			out.start, out.end = keep(j.b, m.value+1, m.end-1, excess), m.end-1
		default: // a number or a boolean
			continue
		}
		gone = append(gone, out)
		excess -= out.end - out.start
	}
	j.take(gone)
	j.b = append(j.b[:len(j.b)-len("}\n")], truncatedMember+"}\n"...)
}

// take removes stretches of the line.
func (j *JSON) take(gone []member) {
	slices.SortFunc(gone, func(a, b member) int { return cmp.Compare(a.start, b.start) })
	to := j.start
	from := j.start
	for _, m := range gone {
		to += copy(j.b[to:], j.b[from:m.start])
		from = m.end
	}
	to += copy(j.b[to:], j.b[from:])
	j.b = j.b[:to]
}

// keep returns where to cut the escaped string b[start:end] to make it at least
// excess bytes shorter, without cutting through a rune or an escape.
func keep(b []byte, start, end, excess int) int {
	limit := end - excess
	at := start
	for at < end {
		next := at + width(b[at:end])
		if next > limit {
			break
		}
		at = next
	}
	return at
}

// width is the length of the rune or escape at the front of b.
func width(b []byte) int {
	if b[0] == '\\' {
		if b[1] == 'u' {
			return len(`\u0000`)
		}
		return len(`\n`)
	}
	_, size := utf8.DecodeRune(b)
	return size
}
