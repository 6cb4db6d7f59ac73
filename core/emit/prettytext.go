package emit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis is one that terminals have in every locale.
const ellipsis = "..."

// Widths that are shown on any terminal, or left out.
const (
	leastDetail = 24
	leastInfo   = len(": back-off")
)

// shortenMiddle shortens a name in the middle: the end distinguishes the pods of a
// workload.
func shortenMiddle(name string, room int) string {
	const tail = 6 // as -q4m8z
	runes := []rune(name)
	if len(runes) <= room {
		return name
	}
	return string(runes[:room-tail-len(ellipsis)]) + ellipsis + string(runes[len(runes)-tail:])
}

func shortenEnd(s string, room int) string {
	runes := []rune(s)
	if len(runes) <= room {
		return s
	}
	return string(runes[:room-len(ellipsis)]) + ellipsis
}

func pad(s string, width int) string {
	if n := width - len(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

func printable(s string) string { return string(appendPrintable(nil, s)) }

// appendPrintable escapes characters with which a pod could control the terminal, and
// invisible ones that change the direction of the text after them.
func appendPrintable(b []byte, s string) []byte {
	for _, c := range s {
		switch {
		case unicode.IsGraphic(c):
			b = utf8.AppendRune(b, c)
		case c > 0xffff:
			b = fmt.Appendf(b, `\U%08x`, c)
		default:
			b = appendEscape(b, c)
		}
	}
	return b
}
