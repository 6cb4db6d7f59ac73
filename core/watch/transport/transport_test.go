package transport_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

func TestLimit(t *testing.T) {
	r := transport.Limit(strings.NewReader(strings.Repeat("x", 20)), "a test", 8)
	for i, want := range []int{8, 8, 4} {
		data, err := io.ReadAll(r)
		if len(data) != want || transport.IsTooLarge(err) != (want == 8) {
			t.Errorf("read %d: %d bytes and %v, want %d bytes", i, len(data), err, want)
		}
		r.Reset()
	}
	if _, err := io.ReadAll(transport.Limit(strings.NewReader("xx"), "a test", 1)); err == nil ||
		err.Error() != "a test has more than 1 bytes" {
		t.Errorf("got error %v", err)
	}
	if transport.IsTooLarge(errors.New("another")) || transport.IsTooLarge(nil) {
		t.Error("any error is taken for one of too many bytes")
	}
}
