package watch

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestHostileRoom: large objects that the reader has not released are bounded by bytes,
// however many events fit into its channel. Others pass.
func TestHostileRoom(t *testing.T) {
	s := New(Settings{})
	out := make(chan Event, 100)
	r := newSession(s, "", out)
	send := func(ctx context.Context, size int) error {
		pod := &corev1.Pod{}
		pod.Labels = map[string]string{"large": strings.Repeat("x", size)}
		message, err := pod.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.decode(message)
		if err != nil {
			t.Fatal(err)
		}
		return r.send(ctx, Modified, o, "1")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	const size = 1 << 20
	fit := 0
	for ; fit < cap(out)/2 && send(t.Context(), size) == nil && s.large.TryAcquire(size+100); fit++ {
		s.large.Release(size + 100)
	}
	if most := maxLarge / size; fit < most-2 || fit >= most {
		t.Errorf("%d objects of %d bytes have room, want nearly %d", fit+1, size, most)
	}
	if err := send(ended, size); !errors.Is(err, context.Canceled) {
		t.Errorf("another one: %v", err)
	}
	if err := send(t.Context(), largeObject/2); err != nil {
		t.Errorf("a smaller one: %v", err)
	}
	for ev := <-out; len(out) > 0; ev = <-out {
		ev.Release()
		ev.Release() // twice is once
	}
	if err := send(t.Context(), 20*size); err != nil { // which has all the room
		t.Errorf("after the others were released: %v", err)
	}
}
