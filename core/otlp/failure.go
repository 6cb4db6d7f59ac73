package otlp

import (
	"strings"
	"time"
)

// verdict says what a failed request means for the records in it.
//
// The rule: only an answer that is about these very records may ever cost them.
// Everything else (a receiver that is down, full, broken, wrongly configured,
// or of another kind) can be mended by an operator while the records wait. So
// whatever isn't known to be permanent is tried again, for ever.
type verdict uint8

const (
	// retry: send the same records again, later.
	retry verdict = iota
	// refuse: the receiver will never take at least one of the records.
	refuse
	// shrink: the request as a whole was too large.
	shrink
)

// failure is the error of a request.
type failure struct {
	verdict verdict
	after   time.Duration // not before this pause, says the receiver; 0: it says nothing
	slow    bool          // there was no answer in time
	err     error
}

func (f *failure) Error() string { return f.err.Error() }

// shorten bounds a text that a receiver chose, for the log.
func shorten(text string) string {
	const most = 512
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strings.ToValidUTF8(text, "")
}
