package pipeline

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/events"
)

// changed returns the number of Events to be stored.
func (l *eventLog) changed() int {
	if l == nil {
		return 0
	}
	return l.tracker.Changed()
}

// store adds the Events and checkpoints that changed, unless state is nil: nothing is
// stored.
func (l *eventLog) store(state map[string][]byte) {
	if l == nil {
		return
	}
	l.tracker.Changes(func(i uint16) string { return l.names[i] }, func(k events.Key, value []byte) {
		if state != nil {
			state[eventPrefix+k.String()] = value
		}
	})
	for name, s := range l.streams {
		if s.changed && state != nil {
			state[eventStreamPrefix+name] = s.encode()
		}
	}
}

// adoptEvents forgets the streams of other namespaces, with their Events, and has those
// compare a list that had other selectors.
func (p *Pipeline) adoptEvents(namespaces []string) {
	if p.events == nil {
		return
	}
	for name, s := range p.events.streams {
		if !slices.Contains(namespaces, name) {
			p.events.tracker.DropStream(s.index)
			delete(p.events.streams, name)
			p.group.forgotten = append(p.group.forgotten, eventStreamPrefix+name)
		}
	}
	selector := p.events.Rules.String()
	for _, name := range namespaces {
		if s := p.events.stream(name); s.Selector != selector {
			s.Selector, s.Listing, s.changed = selector, true, true
		}
	}
}

// restoreEvents restores a stored Event, or the progress of a stream of Events. Streams
// that are no longer watched are forgotten, with their Events.
func (p *Pipeline) restoreEvents(key string, value []byte) error {
	if p.events == nil {
		p.group.forgotten = append(p.group.forgotten, key)
		return nil
	}
	if name, ok := strings.CutPrefix(key, eventStreamPrefix); ok {
		return json.Unmarshal(value, &p.events.stream(name).stream)
	}
	k, err := events.ParseKey(strings.TrimPrefix(key, eventPrefix))
	if err != nil {
		return err
	}
	name, err := events.StreamOf(value)
	if err != nil {
		return err
	}
	p.events.tracker.Restore(k, value, p.events.stream(name).place())
	return nil
}
