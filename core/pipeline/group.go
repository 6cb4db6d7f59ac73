package pipeline

import (
	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/status"
)

// group has the counts and states to be committed next.
type group struct {
	emitted                       int
	parted                        bool // a part of the group is committed
	received, changed, suppressed uint64
	pods                          map[podName]*status.State // nil: gone
	forgotten                     []string                  // other stored keys that have no use any more
	buf                           []byte                    // reused
}

func newGroup() group { return group{pods: make(map[podName]*status.State)} }

// take returns the group for the journal, and begins the next one. The memory of its
// states is used again for the next call.
func (g *group) take(stored bool, p *pods, seq uint64) journal.Group {
	taken := journal.Group{
		Emitted: g.emitted, Seq: seq,
		Received: g.received, Changed: g.changed, Suppressed: g.suppressed,
	}
	if stored {
		taken.State = g.state(p)
	}
	pods := g.pods
	clear(pods)
	*g = group{pods: pods, buf: g.buf}
	return taken
}

// part returns the records of the group that were not committed yet, for the journal.
func (g *group) part(seq uint64) journal.Group {
	taken := journal.Group{Emitted: g.emitted, Seq: seq}
	g.emitted, g.parted = 0, true
	return taken
}

// state encodes the states and checkpoints that changed.
func (g *group) state(p *pods) map[string][]byte {
	changes := make(map[string][]byte, len(g.pods)+1)
	g.buf = g.buf[:0]
	for name, state := range g.pods {
		if state == nil {
			changes[name.key()] = nil
			continue
		}
		start := len(g.buf)
		g.buf = state.Append(g.buf)
		changes[name.key()] = g.buf[start:len(g.buf):len(g.buf)] // stays valid when the buffer moves
	}
	for name, s := range p.streams {
		if s.changed {
			changes[streamPrefix+name] = s.encode()
		}
	}
	for _, name := range p.retired {
		changes[streamPrefix+name] = nil
	}
	p.retired = nil
	for _, key := range g.forgotten {
		changes[key] = nil
	}
	return changes
}
