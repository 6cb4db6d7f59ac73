package telemetry

import (
	"net"
	"net/http"
	"testing"
)

// TestShed checks which of three connections is closed for a fourth. The states of a connection are those that
// net/http reports, in the order of the events of all connections.
func TestShed(t *testing.T) {
	const opens, requests, answered = http.StateNew, http.StateActive, http.StateIdle
	type event struct {
		conn  int
		state http.ConnState
	}
	for name, c := range map[string]struct {
		events []event
		want   int
	}{
		"silent": {[]event{{1, opens}, {2, opens}, {3, opens}}, 1},
		"in a request": {
			[]event{{1, opens}, {2, opens}, {2, requests}, {1, requests}, {3, opens}, {3, requests}}, 2,
		},
		"silent after requests":   {[]event{{1, opens}, {1, requests}, {2, opens}, {2, requests}, {3, opens}}, 1},
		"silent before a request": {[]event{{1, opens}, {2, opens}, {1, requests}, {3, opens}}, 2},
		"idle after other states": {
			[]event{{1, opens}, {2, opens}, {2, requests}, {3, opens}, {3, requests}, {3, answered}}, 3,
		},
		"idle for longest": {
			[]event{{1, opens}, {2, opens}, {3, opens}, {1, requests}, {2, requests}, {2, answered}, {1, answered}}, 2,
		},
		"in a request after it was idle": {
			[]event{{1, opens}, {1, requests}, {1, answered}, {2, opens}, {3, opens}, {1, requests}}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bounded, conns := newConnections(3), map[int]*closable{}
			for i := 1; i <= 4; i++ {
				conns[i] = &closable{}
			}
			for _, e := range append(c.events, event{4, opens}) {
				bounded.track(conns[e.conn], e.state)
			}
			for i, conn := range conns {
				if conn.closed != (i == c.want) {
					t.Errorf("connection %d closed: %t, want connection %d closed", i, conn.closed, c.want)
				}
			}
		})
	}
}

// TestProbeAmongHeld: peers hold all connections in the middle of a request, and others open one after the other. A
// new connection stays open until it could send its request.
func TestProbeAmongHeld(t *testing.T) {
	bounded := newConnections(maxConnections)
	for range maxConnections {
		held := &closable{}
		bounded.track(held, http.StateNew)
		bounded.track(held, http.StateActive)
	}
	probe := &closable{}
	bounded.track(probe, http.StateNew)
	for range maxConnections - 1 {
		bounded.track(&closable{}, http.StateNew)
	}
	if bounded.track(probe, http.StateActive); probe.closed {
		t.Error("the probe was closed before its request was read")
	}
	if n := len(bounded.open); n != maxConnections {
		t.Errorf("%d connections are open, want %d", n, maxConnections)
	}
}

// closable is a connection that remembers its end.
type closable struct {
	net.Conn
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}
