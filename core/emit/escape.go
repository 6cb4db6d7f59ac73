package emit

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendEscaped(b, s)
	return append(b, '"')
}

// appendEscaped appends s as the contents of a JSON string. Besides the characters that
// JSON requires it escapes the other control characters and the line separators U+2028
// and U+2029: for some readers each of them ends a line, or controls a terminal. HTML is
// not escaped.
func appendEscaped(b []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		if plainBytes[s[i]] != 0 {
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

// plainBytes has each character of ASCII that is not escaped at its own position, and
// zeros at all others. Comparisons instead would take an eighth more instructions for a
// line.
const (
	plainBytes = zeros32 + " !\x00#$%&'()*+,-./0123456789:;<=>?" +
		"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\x00]^_" + "`abcdefghijklmnopqrstuvwxyz{|}~\x00" +
		zeros32 + zeros32 + zeros32 + zeros32
	zeros32 = zeros8 + zeros8 + zeros8 + zeros8
	zeros8  = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

// plain reports whether a character that plainBytes doesn't have is not escaped.
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

// appendFloat appends a number, or a string for NaN and the infinities, for which JSON has
// no number.
func appendFloat(b []byte, f float64) []byte {
	number, err := json.Marshal(f)
	if err != nil {
		return appendQuoted(b, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return append(b, number...)
}
