package watch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Stream watches the objects of a resource in one namespace, or in all.
type Stream struct {
	settings Settings
	made     time.Time    // times are measured from here, whatever happens to the clock
	heard    atomic.Int64 // since then; 0: never
	synced   atomic.Bool
	denied   atomic.Pointer[string] // what the server last denied; nil: nothing since it was last heard

	name    string    // of the resource
	decoder Decoder   // used by Run
	memory  sync.Pool // of objects that were released
}

// New returns a stream that does nothing before [Stream.Run].
func New(s Settings) *Stream {
	s = s.withDefaults()
	return &Stream{settings: s, name: s.Resource.String(), decoder: s.Resource.NewDecoder(), made: time.Now()}
}

// Run sends the stream's events to out until ctx ends, and returns ctx.Err();
// whatever the server does meanwhile is logged, told to OnRestart and recovered
// from. from is the ResourceVersion of the last event that was dealt with, or
// "" to begin with a full list.
//
// Sending to out blocks, and nothing is read from the server meanwhile. Run
// doesn't close out. It must not be called twice at the same time.
func (s *Stream) Run(ctx context.Context, from string, out chan<- Event) error {
	r := newSession(s, from, out)
	r.checkFrom(ctx)
	for ctx.Err() == nil {
		end := r.request(ctx)
		if ctx.Err() == nil {
			r.restart(ctx, end)
		}
	}
	return ctx.Err()
}

// Heard returns when the server last took up a watch or sent an event, a bookmark or an item of a
// list; zero before the first. It stands still while Run is blocked on out.
// Safe for concurrent use.
func (s *Stream) Heard() time.Time {
	since := s.heard.Load()
	if since == 0 {
		return time.Time{}
	}
	return s.made.Add(time.Duration(since))
}

// hear notes that the server has given a sign of life.
func (s *Stream) hear() {
	s.heard.Store(max(1, int64(time.Since(s.made))))
	s.denied.Store(nil)
}

// Synced reports whether the reader has what the stream has to tell: a full
// list was completed, or the server took up the watch from the stored
// resourceVersion. It turns false while a full list is due, and stays true over
// lost connections, which [Stream.Heard] shows. Safe for concurrent use.
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
	if err := s.decoder.Decode(message, o); err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.settings.Resource.Kind, err)
	}
	return o, nil
}
