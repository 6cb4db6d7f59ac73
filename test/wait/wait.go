// Package wait waits in tests for a condition that nothing signals.
//
// All waits share one generous limit, so that a test passes on a machine that is
// busy with other work. Only a test that fails takes that long.
package wait

import (
	"errors"
	"testing"
	"time"
)

// Patience is how long a test waits for something that must happen. Use it for
// timeouts in select statements and contexts, too.
const Patience = 3 * time.Minute

// The pause between two looks at a condition grows from shortest to longest, so that
// short waits stay short and long ones leave the processor to the program under test.
const (
	shortest = time.Millisecond
	longest  = 50 * time.Millisecond
)

var errNotYet = errors.New("the condition does not hold")

// Until returns when the condition holds. It ends the test if the condition does
// not hold within [Patience]; what names the condition in the failure message.
//
// It must be called from the test's goroutine.
func Until(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	For(tb, Patience, what, func() error {
		if condition() {
			return nil
		}
		return errNotYet
	})
}

// NoError returns when attempt returns nil. It ends the test with the last error if
// that does not happen within [Patience].
//
// It must be called from the test's goroutine.
func NoError(tb testing.TB, what string, attempt func() error) {
	tb.Helper()
	For(tb, Patience, what, attempt)
}

// For is [NoError] with a limit of its own, for steps that take minutes even on an
// idle machine.
func For(tb testing.TB, limit time.Duration, what string, attempt func() error) {
	tb.Helper()
	deadline := time.Now().Add(limit)
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := attempt()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("%s: not within %s: %v", what, limit, err)
		}
		time.Sleep(pause)
	}
}
