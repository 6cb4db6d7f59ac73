package telemetry

import (
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds the open connections of a [Server]: probes and scrapers need a handful.
const maxConnections = 128

// connections bounds the open connections of an http.Server. For each new one above the limit, it closes another:
// the one that has been idle for longest after a request, or else the one that has been in its state for longest.
//
// A connection that has sent no request yet is therefore closed only after as many others as the limit were
// opened or began a request. Peers that hold connections can keep a probe from its answer only if they open
// more than that while the probe sends its request.
type connections struct {
	limit int

	mu      sync.Mutex
	changes uint64 // of states of connections
	open    map[net.Conn]connection
}

type connection struct {
	since uint64
	idle  bool // has had its answer, and is open for another request
}

func newConnections(limit int) *connections {
	return &connections{limit: limit, open: make(map[net.Conn]connection)}
}

// track is the http.Server's ConnState. It is safe for concurrent use.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, open := c.open[conn]
	switch state {
	case http.StateNew, http.StateIdle, http.StateActive:
		if state != http.StateNew && !open { // it was shed while it read a request
			return
		}
		c.changes++
		c.open[conn] = connection{since: c.changes, idle: state == http.StateIdle}
		c.shed(conn)
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
}

// shed closes a connection other than the newest if there are too many.
func (c *connections) shed(newest net.Conn) {
	if len(c.open) <= c.limit {
		return
	}
	var victim net.Conn
	for conn, s := range c.open {
		if conn != newest && (victim == nil || s.before(c.open[victim])) {
			victim = conn
		}
	}
	if victim != nil {
		delete(c.open, victim)
		_ = victim.Close() // it had its time
	}
}

// before reports whether c is closed rather than other.
func (c connection) before(other connection) bool {
	if c.idle != other.idle {
		return c.idle
	}
	return c.since < other.since
}
