package apiserver

import (
	"context"
	"sync"
	"time"
)

// feed releases events to the watches that are open. Its zero value is not
// ready; see newFeed.
type feed struct {
	mu       sync.Mutex
	released int
	changed  chan struct{} // closed when released changes
	from     int           // the event that written begins with
	written  []time.Time   // of the events of the last Feed, once written
}

func newFeed() *feed { return &feed{changed: make(chan struct{})} }

func (f *feed) position() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.released
}

// next returns how many events are released, and a channel that is closed when there
// are more.
func (f *feed) next() (released int, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.released, f.changed
}

func (f *feed) release(upTo int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = upTo
	close(f.changed)
	f.changed = make(chan struct{})
}

// begin prepares for n events.
func (f *feed) begin(n int) (from int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from, f.written = f.released, make([]time.Time, n)
	return f.from
}

// note records that the events are about to be written.
func (f *feed) note(from, to int, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := max(from, f.from); n < min(to, f.from+len(f.written)); n++ {
		if f.written[n-f.from].IsZero() {
			f.written[n-f.from] = now
		}
	}
}

// Feed releases n events, so many a second, or all at once if rate is 0, and
// returns when the last one is released, or when ctx ends.
func (s *Server) Feed(ctx context.Context, n, rate int) {
	from := s.feed.begin(n)
	if rate == 0 {
		s.feed.release(from + n)
		return
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for start, done := time.Now(), 0; done < n; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if due := min(n, int(time.Since(start).Seconds()*float64(rate))); due > done {
			done = due
			s.feed.release(from + done)
		}
	}
}

// Written returns when each event of the last Feed was handed to a connection.
func (s *Server) Written() []time.Time {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	return s.feed.written
}
