package watch

import (
	"context"
	"fmt"
)

const (
	// largeObject is the size in bytes, as sent by the server, above which an object needs room. Nearly all are smaller.
	largeObject = 64 << 10
	// maxLarge is the room for large objects that a stream has sent and that the reader has not released. An API server
	// accepts pods of more than a megabyte, and the reader may have a channel for hundreds.
	maxLarge = 16 << 20
)

// roomFor waits for room for the object that was decoded last, and returns the function that gives it back, nil if the
// object is not large.
func (s *Stream) roomFor(ctx context.Context) (release func(), err error) {
	size := min(int64(s.size), maxLarge)
	s.size = 0
	if size <= largeObject {
		return nil, nil
	}
	if err := s.large.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("wait for room for a large object: %w", err)
	}
	return func() { s.large.Release(size) }, nil
}
