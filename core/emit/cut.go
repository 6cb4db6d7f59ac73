package emit

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A line that is too long is cut in this order: info is shortened, then whole labels are
// removed, the longest first, then whole attributes of plugins, and last the other
// strings are shortened. A label is never shortened: a part of its value would be
// another value.

// memberKind orders the members of a line by the time when they are cut.
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

// cut makes the line at j.start at most MaxLine long, and marks it as truncated.
func (j *JSON) cut() {
	if !j.omitted {
		j.b = append(j.b[:len(j.b)-len("}\n")], truncatedMember+"}\n"...)
	}
	excess := len(j.b) - j.start - MaxLine
	slices.SortStableFunc(j.members, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(b.end-b.start, a.end-a.start))
	})
	var gone []member // stretches of the line to remove
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
	j.remove(gone)
}

// remove removes stretches of the line.
func (j *JSON) remove(gone []member) {
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

// keep returns the position at which to cut the escaped string b[start:end], so that it
// is at least excess bytes shorter and no rune or escape is cut through.
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

// width returns the length of the rune or escape at the front of b.
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
