package term

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

const ellipsis = "..."

// text makes a text of a record safe for the terminal, on one line.
func (s style) text(text string) string {
	text = printable(strings.Join(strings.Fields(text), " "))
	if !s.ascii {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		if c > unicode.MaxASCII {
			c = '?'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// printable escapes characters that could control a terminal or reorder text.
func printable(s string) string {
	var b strings.Builder
	for _, c := range s {
		if unicode.IsGraphic(c) {
			b.WriteRune(c)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

// cells returns the width of a text in the terminal.
func cells(s string) (n int) {
	for _, c := range s {
		n += width(c)
	}
	return n
}

// width returns the number of cells of a character. Ideographs and pictures have two.
func width(c rune) int {
	switch {
	case unicode.In(c, unicode.Mn, unicode.Me):
		return 0
	case unicode.In(c, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		c >= 0x1f300 && c <= 0x1faff, c >= 0xff01 && c <= 0xff60:
		return 2
	}
	return 1
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(n-cells(s), 0)) }

// shortenMiddle shortens a name in the middle: the end distinguishes the pods of a workload.
func shortenMiddle(name string, room int) string {
	const tail = 6 // as -q4m8z
	if cells(name) <= room {
		return name
	}
	runes := []rune(name)
	return shortenEnd(name, room-tail) + string(runes[len(runes)-tail:])
}

func shortenEnd(s string, room int) string {
	if cells(s) <= room {
		return s
	}
	n := 0
	for i, c := range s {
		if n += width(c); n > room-len(ellipsis) {
			return s[:i] + ellipsis
		}
	}
	return s
}

// Wrap makes a text of records safe for a terminal, and breaks it into lines of that width.
func Wrap(text string, width int, ascii bool) string {
	return strings.Join(wrap(style{ascii: ascii}.text(text), width), "\n")
}

// wrap breaks a text at spaces into lines. Longer words are broken.
func wrap(text string, room int) (lines []string) {
	line, n := "", 0
	for word := range strings.SplitSeq(text, " ") {
		for _, piece := range pieces(word, room) {
			w := cells(piece)
			if n > 0 && n+1+w > room {
				lines, line, n = append(lines, line), "", 0
			}
			if n > 0 {
				line, n = line+" ", n+1
			}
			line, n = line+piece, n+w
		}
	}
	return append(lines, line)
}

// pieces returns the parts of a word that fit on a line each.
func pieces(word string, room int) (parts []string) {
	start, n := 0, 0
	for i, c := range word {
		if n += width(c); n > room {
			parts = append(parts, word[start:i])
			start, n = i, width(c)
		}
	}
	return append(parts, word[start:])
}

func withoutColor(s string) string {
	return regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(s, "")
}
