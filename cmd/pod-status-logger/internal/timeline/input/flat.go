package input

import (
	"encoding/json"
	"errors"
)

var errNoObject = errors.New("not a JSON object")

// members calls yield for each member of the JSON object b. Keys and values are raw: strings have their quotes.
// Unlike package encoding/json, it decodes nothing that nobody asks for.
func members(b []byte, yield func(key, value []byte)) error {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return errNoObject
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return atEnd(b, i+1)
	}
	for {
		key := i
		if i = endOfString(b, i); i < 0 {
			return errNoObject
		}
		colon := skipSpace(b, i)
		if colon >= len(b) || b[colon] != ':' {
			return errNoObject
		}
		value := skipSpace(b, colon+1)
		end := endOfValue(b, value)
		if end < 0 {
			return errNoObject
		}
		yield(b[key:i], b[value:end])
		switch i = skipSpace(b, end); {
		case i < len(b) && b[i] == ',':
			i = skipSpace(b, i+1)
		case i < len(b) && b[i] == '}':
			return atEnd(b, i+1)
		default:
			return errNoObject
		}
	}
}

// atEnd returns an error if b continues after an object that ended at i.
func atEnd(b []byte, i int) error {
	if skipSpace(b, i) < len(b) {
		return errNoObject
	}
	return nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// endOfString returns the position after the string at i, -1 if there is none.
func endOfString(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// endOfValue returns the position after the value at i, -1 if it is incomplete.
func endOfValue(b []byte, i int) int {
	if i < len(b) && b[i] == '"' {
		return endOfString(b, i)
	}
	depth, start := 0, i
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			end := endOfString(b, i)
			if end < 0 {
				return -1
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return notEmpty(start, i)
			}
			if b[i] != ',' {
				depth--
			}
		}
	}
	return -1
}

func notEmpty(start, end int) int {
	if start == end {
		return -1
	}
	return end
}

// unquote returns the text of a raw string, and other raw values as they are.
func unquote(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' {
		return string(raw)
	}
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '\\' || c < ' ' {
			var s string
			if err := json.Unmarshal(raw, &s); err != nil {
				return string(inner)
			}
			return s
		}
	}
	return string(inner)
}
