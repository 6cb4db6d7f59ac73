package watch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Stream watches the objects of a resource in one namespace, or in all.
type Stream struct {
	settings Settings
	name     string    // of the resource
	decoder  Decoder   // used by Run
	memory   sync.Pool // of released objects
	size     int       // of the object that was decoded last and not sent yet
	large    *semaphore.Weighted

	made   time.Time    // times are measured from here, whatever happens to the clock
	active atomic.Int64 // time since made of the server's last activity; 0: none
	synced atomic.Bool
	denied atomic.Pointer[string] // the last denial; nil: none since the last activity
}

// New returns a stream that does nothing before [Stream.Run].
func New(s Settings) *Stream {
	s = s.withDefaults()
	return &Stream{
		settings: s, name: s.Resource.String(), decoder: s.Resource.NewDecoder(), made: time.Now(),
		large: semaphore.NewWeighted(maxLarge),
	}
}

// Run sends the stream's events to out until ctx ends, and returns ctx.Err(). It
// recovers from every failure of the server and of the connection, logs them and
// calls OnRestart. from is the ResourceVersion of the last event that the reader has
// dealt with, or "" to begin with a full list.
//
// Sending to out blocks, and nothing is read from the server meanwhile. Run doesn't
// close out. It must not be called twice at the same time.
func (s *Stream) Run(ctx context.Context, from string, out chan<- Event) error {
	return newSession(s, from, out).run(ctx)
}

// LastActivity returns when the server last accepted a watch or sent an event, a
// bookmark or an item of a list; zero before the first. It doesn't move while Run is
// blocked on out. Safe for concurrent use.
func (s *Stream) LastActivity() time.Time {
	since := s.active.Load()
	if since == 0 {
		return time.Time{}
	}
	return s.made.Add(time.Duration(since))
}

func (s *Stream) markActive() {
	s.active.Store(max(1, int64(time.Since(s.made))))
	s.denied.Store(nil)
}

// Synced reports whether the reader has every event so far: a full list was
// completed, or the server accepted a watch from the stored resourceVersion. It is
// false while a full list is due, and stays true over lost connections, which
// [Stream.LastActivity] shows. Safe for concurrent use.
func (s *Stream) Synced() bool { return s.synced.Load() }

// isPods reports whether the resource is the one that log lines need not name.
func (s *Stream) isPods() bool { return s.settings.Resource.Kind == "Pod" }

// newObject returns memory for an object.
func (s *Stream) newObject() Object {
	if o, ok := s.memory.Get().(Object); ok {
		return o
	}
	return s.decoder.New()
}

// decode decodes an object from its protobuf.
func (s *Stream) decode(message []byte) (Object, error) {
	o := s.newObject()
	s.size = len(message)
	if err := s.decoder.Decode(message, o); err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.settings.Resource.Kind, err)
	}
	return o, nil
}
