package wire

import (
	"strconv"
	"strings"
	"testing"
)

// TestStrings holds that each string is the right one, however many there are, and
// that a few recurring ones cost no allocation.
func TestStrings(t *testing.T) {
	s := NewStrings()
	for i := range 10 * pairs {
		for _, want := range []string{strconv.Itoa(i), "app", "", strings.Repeat("x", maxShared+i%3-1)} {
			if got := s.Intern([]byte(want)); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
	again := [][]byte{[]byte("a"), []byte("b")}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range again {
			s.Intern(b)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	size := 0
	for _, pair := range s.pairs {
		size += len(pair[0]) + len(pair[1])
	}
	if size > 2*pairs*maxShared || size == 0 {
		t.Errorf("%d bytes are in the table", size)
	}
}
