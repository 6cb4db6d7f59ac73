package emit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Pretty makes a line for people at a terminal of a record: time, state, pod, and the
// change. It shows less than JSON has, and on a terminal as much as fits on a line.
type Pretty struct {
	// Color is whether the terminal understands ANSI colours.
	Color bool
	// Width is that of the terminal, to which lines are shortened; 0: they are not.
	Width int
}

var _ Format = Pretty{}

// ANSI colours.
const (
	colorReset  = "\x1b[0m"
	colorDim    = "\x1b[2m"
	colorGreen  = "\x1b[32m"
	colorYellow = "\x1b[33m"
	colorRed    = "\x1b[31m"
	colorCyan   = "\x1b[36m"
)

// Append appends the line for r to b.
func (p Pretty) Append(b []byte, r Record) []byte {
	f, l := prettyFieldsOf(r), p.layout()
	b = p.paint(b, colorDim, r.Timestamp().Local().Format(l.clock))
	b = append(b, "  "...)
	b = p.paint(b, f.color(levelOf(r.Severity())), pad(f.happened(), 10))
	b = append(b, "  "...)
	pod, detail := printable(f.fullName()), printable(f.detail(r.Body().AsString()))
	room := p.Width - l.before() - len(" ") - utf8.RuneCountInString(detail)
	remarks := p.remarks(&f, room-max(l.pod, utf8.RuneCountInString(pod)), room-l.pod)
	if p.Width > 0 {
		pod = shortenMiddle(pod, max(l.pod, room-utf8.RuneCountInString(remarks)))
		left := p.Width - l.before() - max(l.pod, utf8.RuneCountInString(pod)) - len(" ")
		detail = shortenEnd(detail, max(leastDetail, left))
	}
	start := len(b)
	b = append(b, strings.TrimRight(pad(pod, l.pod)+" "+detail, " ")...)
	if f.info != "" {
		b = p.appendInfo(b, ": "+f.info, l.before()+utf8.RuneCount(b[start:])+utf8.RuneCountInString(remarks))
	}
	b = p.paint(b, colorDim, remarks)
	return append(b, '\n')
}

// layout is the layout of a line.
type layout struct {
	clock string
	pod   int // width of the column of the pod
}

// wideEnough is the width of a terminal with room for milliseconds and most names of
// pods.
const wideEnough = 100

func (p Pretty) layout() layout {
	if p.Width > 0 && p.Width < wideEnough {
		return layout{clock: "15:04:05", pod: 22}
	}
	return layout{clock: "15:04:05.000", pod: 34}
}

// before returns the width of the columns before the pod: time and state.
func (l layout) before() int { return len(l.clock) + len("  terminated  ") }

// remarks returns the remarks, with as many about the origin of the pod as have room.
// Without these, the remarks may take up to most by shortening the pod's name.
func (p Pretty) remarks(f *prettyFields, room, most int) string {
	if f.info != "" {
		room -= leastInfo
	}
	origin := f.origin()
	for len(origin) > 0 {
		if remarks := printable(f.remarks(origin)); p.Width == 0 || utf8.RuneCountInString(remarks) <= room {
			return remarks
		}
		origin = origin[:len(origin)-1]
	}
	if remarks := printable(f.remarks(nil)); p.Width == 0 || utf8.RuneCountInString(remarks) <= most {
		return remarks
	}
	return ""
}

// appendInfo appends as much of a message as fits on the line beside used characters.
func (p Pretty) appendInfo(b []byte, info string, used int) []byte {
	start := len(b)
	b = appendPrintable(b, info)
	room := p.Width - used
	if p.Width == 0 || utf8.RuneCount(b[start:]) <= room {
		return b
	}
	if room < leastInfo {
		return b[:start]
	}
	end := start
	for range room - len(ellipsis) {
		_, size := utf8.DecodeRune(b[end:])
		end += size
	}
	return append(b[:lastWord(b, start, end)], ellipsis...)
}

// lastWord returns the position after the last whole word of b[start:end], or end if that would lose more than half.
func lastWord(b []byte, start, end int) int {
	if at := bytes.LastIndexByte(b[start:end], ' '); at > (end-start)/2 && end < len(b) && b[end] != ' ' {
		return start + at
	}
	return end
}

func (p Pretty) paint(b []byte, color, s string) []byte {
	if !p.Color || color == "" || s == "" {
		return append(b, s...)
	}
	b = append(b, color...)
	b = append(b, s...)
	return append(b, colorReset...)
}

func (f *prettyFields) color(level record.Level) string {
	switch {
	case level == record.LevelError:
		return colorRed
	case level == record.LevelWarning:
		return colorYellow
	case f.state == "":
		return colorCyan
	case f.state == record.Running.String():
		return colorGreen
	}
	return ""
}
