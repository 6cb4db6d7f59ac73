//go:build e2e

package e2e

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy is the network between the program and the Collector.
type proxy struct {
	address, upstream string
	listener          net.Listener

	mu      sync.Mutex
	changed *sync.Cond
	mode    mode
	pairs   map[*pair]bool
	lost    int // bytes of answers that did not arrive
}

// greeting is about what a server sends before it was asked for anything. It
// passes, where answers don't: a client that was not greeted asks for nothing.
const greeting = 64

// mode is how the network is.
type mode int

const (
	passes mode = iota
	refuses
	stalls    // takes everything, and hands nothing over: a black hole
	mutes     // requests arrive, answers don't
	cutsShort // half of the next answer arrives, then the connection is reset
)

// pair is a connection of the program, and the one to the Collector for it.
type pair struct {
	near, far *net.TCPConn
	greeted   int
	robbed    bool // bytes of it were lost: it can only be reset
}

func startProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: l.Addr().String(), upstream: upstream, listener: l, pairs: map[*pair]bool{}}
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
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	far, err := new(net.Dialer).DialContext(ctx, "tcp", p.upstream)
	if refused || err != nil {
		reset(near)
		if err == nil {
			_ = far.Close()
		}
		return
	}
	c := &pair{near: near, far: far.(*net.TCPConn)}
	p.mu.Lock()
	p.pairs[c] = true
	p.mu.Unlock()
	go p.pump(c, c.far, c.near, false)
	go p.pump(c, c.near, c.far, true)
}

// pump hands bytes over as the mode says, until the connection ends.
func (p *proxy) pump(c *pair, to, from *net.TCPConn, answers bool) {
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

// pass says how many of the bytes go on, and whether the connection ends with them.
func (p *proxy) pass(c *pair, n int, answers bool) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.mode == stalls && p.pairs[c] {
		p.changed.Wait()
	}
	if answers && !c.robbed && n < greeting && c.greeted < greeting {
		c.greeted += n
		return n, !p.pairs[c]
	}
	switch {
	case p.mode == mutes && answers:
		c.robbed = true
		p.lost += n
		return 0, false
	case p.mode == cutsShort && answers:
		p.mode = passes
		p.lost += n - n/2
		return n / 2, true
	}
	return n, !p.pairs[c] || c.robbed && answers
}

// set changes the mode. Connections that were robbed of bytes are reset.
func (p *proxy) set(m mode) {
	p.mu.Lock()
	p.mode = m
	p.changed.Broadcast()
	var robbed []*pair
	for c := range p.pairs {
		if c.robbed && m != mutes {
			robbed = append(robbed, c)
		}
	}
	p.mu.Unlock()
	for _, c := range robbed {
		p.drop(c)
	}
}

// robs waits until bytes of answers were lost, and reports whether they were.
func (p *proxy) robs(before int, patience time.Duration) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		lost := p.lost
		p.mu.Unlock()
		if lost > before {
			return true
		}
	}
	return false
}

// reset resets all connections, and returns how many.
func (p *proxy) reset() int {
	p.mu.Lock()
	all := make([]*pair, 0, len(p.pairs))
	for c := range p.pairs {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		p.drop(c)
	}
	return len(all)
}

func (p *proxy) drop(c *pair) {
	p.mu.Lock()
	delete(p.pairs, c)
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

// TestProxy: what passes, passes whole, and what is lost is not passed.
func TestProxy(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = echo.Close() }()
	arrived := make(chan int, 10)
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 10*greeting)
				for n, err := c.Read(buf); err == nil; n, err = c.Read(buf) {
					arrived <- n
					_, _ = c.Write(buf[:n])
				}
			}()
		}
	}()
	p := startProxy(t, echo.Addr().String())
	for _, tt := range []struct {
		name    string
		mode    mode
		arrives bool
		answer  int // percent of it
	}{
		{"passes", passes, true, 100},
		{"refuses", refuses, false, 0},
		{"stalls", stalls, false, 0},
		{"mutes", mutes, true, 0},
		{"cuts short", cutsShort, true, 50},
		{"passes again", passes, true, 100},
	} {
		p.set(tt.mode)
		c, err := net.Dial("tcp", p.address)
		if tt.mode == refuses && err != nil {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(300 * time.Millisecond))
		hello := strings.Repeat("hello", greeting)
		_, _ = c.Write([]byte(hello))
		got, _ := io.ReadAll(c)
		if want := hello[:len(hello)*tt.answer/100]; string(got) != want {
			t.Errorf("%s: an answer of %d bytes, want %d", tt.name, len(got), len(want))
		}
		select {
		case <-arrived:
			if !tt.arrives {
				t.Errorf("%s: the request arrived", tt.name)
			}
		default:
			if tt.arrives {
				t.Errorf("%s: the request did not arrive", tt.name)
			}
		}
		_ = c.Close()
		p.set(passes)
		p.reset()
		time.Sleep(10 * time.Millisecond)
		for len(arrived) > 0 { // what was stalled may arrive late
			<-arrived
		}
	}
}
