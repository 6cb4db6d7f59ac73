package otlp

import (
	"strings"
	"time"
)

// verdict is the consequence of a failed request for its records.
//
// The rule: only an answer about these very records may cost them. An operator can
// repair everything else while the records wait: a receiver that is down, full,
// broken, wrongly configured, or of another kind. So a failure that isn't known to be
// permanent is retried indefinitely.
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
	after   time.Duration // the pause that the receiver asks for; 0: none
	slow    bool          // there was no answer in time
	absent  bool          // the receiver has no service for the signal
	err     error
}

func (f *failure) Error() string { return f.err.Error() }

// shorten bounds a receiver's text for the log.
func shorten(text string) string {
	const most = 512
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strings.ToValidUTF8(text, "")
}
