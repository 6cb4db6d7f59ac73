// Package logbuffer keeps the log of a program under test.
package logbuffer

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// Buffer is a log that tests read while the program writes it. The zero value is an
// empty log. All methods are safe for concurrent use.
type Buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends to the log. It implements [io.Writer] and never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns the log so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Lines returns the lines of the log so far, without their newlines and without empty ones.
func (b *Buffer) Lines() []string {
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' })
}

// Await waits until the log contains a text.
func (b *Buffer) Await(tb testing.TB, text string) {
	tb.Helper()
	wait.NoError(tb, fmt.Sprintf("log contains %q", text), func() error {
		if log := b.String(); !strings.Contains(log, text) {
			return fmt.Errorf("the log is:\n%s", log)
		}
		return nil
	})
}
