package pipeline

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
	"github.com/pod-status-logger/pod-status-logger/core/tracing"
)

// Tracer makes spans of changes; package tracing has it.
type Tracer interface {
	// Observe notes a change, of which it keeps strings only.
	Observe(c tracing.Change)
	// Identify reads an enriched record of a change, and gives it the context of a span.
	Identify(r *record.Record)
	// Settle returns the spans that ended with the changes since the last call.
	Settle() []span.Span
	// Tick returns the spans that ended because of the time alone.
	Tick(now time.Time) []span.Span
	// Changes returns the state that changed since the last call; nil: the entry is gone.
	Changes() map[string][]byte
	// Restore takes stored state. ok is false if it is not the tracer's.
	Restore(key string, value []byte) (ok bool, err error)
}

// Spans are what a [Pipeline] needs to make spans.
type Spans struct {
	Tracer Tracer
	// Encode encodes spans for the journal, each alone.
	Encode func([]span.Span) [][]byte
	// Room returns how many bytes of spans the journal has room for, at most 0 if it has none.
	Room func() int64
	// OnLost is called with the number of spans that had no room.
	OnLost func(spans int)
	// Ticks are times at which spans may end without an event.
	Ticks <-chan time.Time
}

func (p *Pipeline) observe(c *change, at time.Time) {
	if p.set.Spans == nil {
		return
	}
	p.set.Spans.Tracer.Observe(tracing.Change{
		UID: c.uid, Namespace: c.pod.namespace.Value(), Name: c.pod.name, Pod: c.event, At: at,
		First: c.first, Initial: c.initial, Gone: c.state == nil, Records: c.records,
	})
}

func (p *Pipeline) identify(r *record.Record) {
	if p.set.Spans != nil {
		p.set.Spans.Tracer.Identify(r)
	}
}

// ticks returns the channel of times, nil without spans.
func (p *Pipeline) ticks() <-chan time.Time {
	if p.set.Spans == nil {
		return nil
	}
	return p.set.Spans.Ticks
}

// tick commits the spans that ended by time, if there are any.
func (p *Pipeline) tick(ctx context.Context, now time.Time) error {
	p.spans = append(p.spans, p.set.Spans.Tracer.Tick(now)...)
	if len(p.spans) == 0 {
		return nil
	}
	return p.commit(ctx)
}

// endedSpans returns the encoded spans of a group, and adds the state from which later ones are made. Spans are
// committed with the end of a group, not with a part: the state that prevents duplicates is there, too.
func (p *Pipeline) endedSpans(g *journal.Group) [][]byte {
	s := p.set.Spans
	if s == nil {
		return nil
	}
	ended := slices.Concat(p.spans, s.Tracer.Settle())
	p.spans = nil
	changes := s.Tracer.Changes()
	if p.set.Stored {
		maps.Copy(g.State, changes)
	}
	if len(ended) == 0 {
		return nil
	}
	return s.fit(ended)
}

// fit encodes the spans that the journal has room for.
func (s *Spans) fit(ended []span.Span) (encoded [][]byte) {
	room := s.Room()
	if room > 0 {
		encoded = s.Encode(ended)
	}
	fitting := 0
	for _, b := range encoded {
		if room -= int64(len(b)); room < 0 {
			break
		}
		fitting++
	}
	if lost := len(ended) - fitting; lost > 0 {
		s.OnLost(lost)
	}
	return encoded[:fitting]
}

// restoreSpans restores the state of spans. ok is false if the key is of something else. Without spans, it removes the
// state: it would be about another time once spans are made again.
func (p *Pipeline) restoreSpans(key string, value []byte) (ok bool, err error) {
	if p.set.Spans != nil {
		return p.set.Spans.Tracer.Restore(key, value)
	}
	if !tracing.IsStored(key) {
		return false, nil
	}
	p.obsolete = append(p.obsolete, key)
	return true, nil
}
