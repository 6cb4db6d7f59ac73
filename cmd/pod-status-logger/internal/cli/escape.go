package cli

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escaper escapes characters that steer a terminal or reorder text, which plugins and
// servers may have sent: the control characters that JSON allows in strings, and
// those that are invisible. It is written to once for each line.
type escaper struct{ io.Writer }

func (e escaper) Write(line []byte) (int, error) {
	if !hasUnprintable(line) {
		return e.Writer.Write(line)
	}
	if _, err := e.Writer.Write(escape(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

func hasUnprintable(b []byte) bool {
	for len(b) > 0 {
		if b[0] < unicode.MaxASCII { // fast, and JSON has escaped those before the space
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		if isUnprintable(r) {
			return true
		}
		b = b[size:]
	}
	return false
}

func isUnprintable(r rune) bool {
	return r >= unicode.MaxASCII && unicode.In(r, unicode.Cc, unicode.Cf)
}

// escape replaces unprintable characters in the way of JSON.
func escape(b []byte) []byte {
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case !isUnprintable(r):
			out = append(out, b[:size]...)
		case utf16.RuneLen(r) == 1:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
		b = b[size:]
	}
	return out
}
