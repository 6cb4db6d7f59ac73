package record

import (
	"strings"
	"unicode/utf8"
)

// maxDetails is the length in bytes to which a message of Kubernetes is cut in the
// message of a record. The field info has all of it.
const maxDetails = 300

// Details returns a message of Kubernetes in parentheses, on one line, to append to the
// message of a record; empty for none.
func Details(info string) string {
	if info = strings.Join(strings.Fields(info), " "); info == "" {
		return ""
	}
	if len(info) > maxDetails {
		end := maxDetails
		for end > 0 && !utf8.RuneStart(info[end]) {
			end--
		}
		info = info[:end] + "..."
	}
	return " (" + info + ")"
}
