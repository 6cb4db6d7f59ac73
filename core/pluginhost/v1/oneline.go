package v1

import (
	"strings"
	"unicode"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// OneLine makes a plugin's text fit for an error: one line, of bounded length, and
// nothing that would steer a terminal.
func OneLine(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, record.Valid(s[:min(len(s), 4*most)]))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
