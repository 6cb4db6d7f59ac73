package workloads

import (
	"testing"
	"time"
)

// TestStored: a state is the same after it was stored, and a damaged one is an error.
func TestStored(t *testing.T) {
	w := newWorkload(deployment, generation(1, 1),
		with(progressing, isTrue, "A", first), with(isAvailable, isFalse, "", ""))
	state, _ := Rules{}.Compare(State{}, w, time.Now())
	stored := state.Stored()
	if again, err := ParseState(stored); err != nil || again != state {
		t.Errorf("got %q, error %v, want %q", again.packed, err, state.packed)
	}
	if len(stored) > 100 {
		t.Errorf("%d bytes are stored", len(stored))
	}
	bad := 0
	for n := range stored {
		if _, err := ParseState(stored[:n]); err != nil {
			bad++
		}
	}
	if bad < len(stored)-3 { // it may end behind a condition
		t.Errorf("%d of %d cut states are errors", bad, len(stored))
	}
	if _, err := ParseState(append([]byte{9}, stored[1:]...)); err == nil {
		t.Error("a state of another format is accepted")
	}
	if _, err := ParseState([]byte{stateFormat, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}); err == nil {
		t.Error("a string of a senseless length is accepted")
	}
}

// FuzzParseState: no stored bytes make a comparison panic.
func FuzzParseState(f *testing.F) {
	w := newWorkload(deployment, generation(1, 1), with(progressing, isTrue, "A", first))
	state, _ := Rules{}.Compare(State{}, w, time.Now())
	f.Add(state.Stored())
	f.Fuzz(func(_ *testing.T, stored []byte) {
		if state, err := ParseState(stored); err == nil {
			Rules{}.Compare(state, w, time.Now())
		}
	})
}
