package telemetry

import (
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds the open connections of a [Server]: probes and scrapers need a handful.
const maxConnections = 128

// connections bounds the open connections of an http.Server by closing one for each that is too many: the one
// that has waited longest for a request, or else the one whose request has lasted longest. A new connection
// always gets its turn, so peers that hold connections can't keep a probe from its answer.
type connections struct {
	limit int

	mu     sync.Mutex
	opened uint64 // rises with each change of a connection's state
	open   map[net.Conn]connection
}

type connection struct {
	since   uint64
	waiting bool // for a request, or for the rest of its header
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
		c.opened++
		c.open[conn] = connection{since: c.opened, waiting: state != http.StateActive}
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
	if c.waiting != other.waiting {
		return c.waiting
	}
	return c.since < other.since
}
