//go:build e2e

package e2e

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy is the network between the program and the Collector.
type proxy struct {
	address, upstream string
	listener          net.Listener

	mu          sync.Mutex
	changed     *sync.Cond
	mode        mode
	connections map[*connection]bool
	lost        int // number of bytes of responses that did not arrive
}

// firstFrames is about the length of the HTTP/2 settings that a server sends before the first
// request. They pass even if responses don't, as a client without them sends no request.
const firstFrames = 64

// mode is the state of the network.
type mode int

const (
	passes mode = iota
	refuses
	stalls        // accepts bytes and delivers none
	losesAnswers  // delivers requests and no responses
	cutsOneAnswer // delivers half of the next response, and resets the connection
)

// connection is a connection of the program with the one to the Collector for it.
type connection struct {
	near, far  *net.TCPConn
	frames     int  // number of bytes of the first frames that passed
	incomplete bool // bytes of it were lost, so that it can only be reset
}

func startProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: l.Addr().String(), upstream: upstream, listener: l, connections: map[*connection]bool{}}
	p.changed = sync.NewCond(&p.mu)
	go p.serve()
	t.Cleanup(func() {
		_ = l.Close()
		p.set(passes)
		p.reset()
	})
	return p
}

func (p *proxy) serve() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.connect(near.(*net.TCPConn))
	}
}

func (p *proxy) connect(near *net.TCPConn) {
	p.mu.Lock()
	for p.mode == stalls {
		p.changed.Wait()
	}
	refused := p.mode == refuses
	p.mu.Unlock()
	if refused {
		reset(near)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	far, err := new(net.Dialer).DialContext(ctx, "tcp", p.upstream)
	if err != nil {
		reset(near)
		return
	}
	c := &connection{near: near, far: far.(*net.TCPConn)}
	p.mu.Lock()
	p.connections[c] = true
	p.mu.Unlock()
	go p.pump(c, c.far, c.near, false)
	go p.pump(c, c.near, c.far, true)
}

// pump copies bytes as the mode allows until the connection ends.
func (p *proxy) pump(c *connection, to, from *net.TCPConn, answers bool) {
	defer p.drop(c)
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		n, last := p.pass(c, n, answers)
		if _, err := to.Write(buf[:n]); err != nil || last {
			return
		}
	}
}

// pass returns how many of n bytes to deliver, and whether the connection ends after them.
func (p *proxy) pass(c *connection, n int, answers bool) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.mode == stalls && p.connections[c] {
		p.changed.Wait()
	}
	if answers && !c.incomplete && n < firstFrames && c.frames < firstFrames {
		c.frames += n
		return n, !p.connections[c]
	}
	switch {
	case p.mode == losesAnswers && answers:
		c.incomplete = true
		p.lost += n
		p.changed.Broadcast()
		return 0, false
	case p.mode == cutsOneAnswer && answers:
		p.mode = passes
		p.lost += n - n/2
		p.changed.Broadcast()
		return n / 2, true
	}
	return n, !p.connections[c] || c.incomplete && answers
}

// set changes the mode. It resets connections of which bytes were lost.
func (p *proxy) set(m mode) {
	p.mu.Lock()
	p.mode = m
	p.changed.Broadcast()
	var incomplete []*connection
	for c := range p.connections {
		if c.incomplete && m != losesAnswers {
			incomplete = append(incomplete, c)
		}
	}
	p.mu.Unlock()
	for _, c := range incomplete {
		p.drop(c)
	}
}

// lostBytes returns how many bytes of responses were lost.
func (p *proxy) lostBytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// awaitLoss waits until more than so many bytes of responses were lost, and reports whether
// they were in time.
func (p *proxy) awaitLoss(before int, limit time.Duration) bool {
	end := time.Now().Add(limit)
	timer := time.AfterFunc(limit, func() {
		p.mu.Lock() // not between the condition and Wait
		defer p.mu.Unlock()
		p.changed.Broadcast()
	})
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.lost <= before && time.Now().Before(end) {
		p.changed.Wait()
	}
	return p.lost > before
}

// reset resets all connections, and returns their number.
func (p *proxy) reset() int {
	p.mu.Lock()
	all := make([]*connection, 0, len(p.connections))
	for c := range p.connections {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		p.drop(c)
	}
	return len(all)
}

func (p *proxy) drop(c *connection) {
	p.mu.Lock()
	delete(p.connections, c)
	p.changed.Broadcast()
	p.mu.Unlock()
	reset(c.near)
	reset(c.far)
}

// reset ends a connection with RST instead of FIN.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
