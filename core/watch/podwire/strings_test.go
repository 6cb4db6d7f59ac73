package podwire

import (
	"hash/maphash"
	"strconv"
	"strings"
	"testing"
)

// TestShared: a string is the one that was asked for, however many there are, and
// a few that come again cost nothing.
func TestShared(t *testing.T) {
	s := shared{seed: maphash.MakeSeed()}
	for i := range 10 * pairs {
		for _, want := range []string{strconv.Itoa(i), "app", "", strings.Repeat("x", maxShared+i%3-1)} {
			if got := s.string([]byte(want)); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
	again := [][]byte{[]byte("a"), []byte("b")}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range again {
			s.string(b)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	size := 0
	for _, pair := range s.pairs {
		size += len(pair[0]) + len(pair[1])
	}
	if size > 2*pairs*maxShared || size == 0 {
		t.Errorf("%d bytes are remembered", size)
	}
}
