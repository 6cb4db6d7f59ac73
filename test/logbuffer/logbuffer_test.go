package logbuffer_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
)

// TestBuffer reads a log while it is written.
func TestBuffer(t *testing.T) {
	var b logbuffer.Buffer
	go func() {
		for i := range 100 {
			_, _ = fmt.Fprintf(&b, "line %d\n\n", i)
		}
	}()
	b.Await(t, "line 99\n")
	lines := b.Lines()
	if len(lines) != 100 || !slices.Contains(lines, "line 0") {
		t.Errorf("lines: %q", lines)
	}
}
