//go:build e2e

package e2e

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestProxy checks that each mode delivers the expected bytes and no others.
func TestProxy(t *testing.T) {
	upstream, arrived := startEcho(t)
	p := startProxy(t, upstream)
	for _, tt := range []struct {
		name    string
		mode    mode
		arrives bool
		answer  int // percent
	}{
		{"passes", passes, true, 100},
		{"refuses", refuses, false, 0},
		{"stalls", stalls, false, 0},
		{"loses answers", losesAnswers, true, 0},
		{"cuts one answer", cutsOneAnswer, true, 50},
		{"passes again", passes, true, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.set(tt.mode)
			lost := p.lostBytes()
			c, err := net.Dial("tcp", p.address)
			if tt.mode == refuses && err != nil {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = c.Close()
				p.set(passes)
				p.reset()
			}()
			request := strings.Repeat(tt.name+",", firstFrames)
			_, _ = c.Write([]byte(request))
			if tt.arrives {
				wait.Until(t, "the request arrives", func() bool { return strings.HasPrefix(<-arrived, tt.name) })
			}
			want := request[:len(request)*tt.answer/100]
			answer := make([]byte, len(want))
			_ = c.SetDeadline(time.Now().Add(wait.Patience))
			if _, err := io.ReadFull(c, answer); err != nil || string(answer) != want {
				t.Errorf("answer %.30q of %d bytes, want %d, %v", answer, len(answer), len(want), err)
			}
			if tt.mode == losesAnswers && !p.awaitLoss(lost, wait.Patience) {
				t.Error("no bytes were lost")
			}
			const while = 50 * time.Millisecond // for events that must not happen; no machine is too slow
			_ = c.SetDeadline(time.Now().Add(while))
			if more, _ := io.ReadAll(c); len(more) > 0 {
				t.Errorf("%d more bytes arrived", len(more))
			}
			select {
			case request := <-arrived:
				if !tt.arrives && strings.HasPrefix(request, tt.name) {
					t.Error("the request arrived")
				}
			default:
			}
		})
	}
}

// startEcho starts a server that sends back each request whole, and returns its address and
// the requests.
func startEcho(t *testing.T) (address string, requests <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	arrived := make(chan string, 100)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 100*firstFrames)
				for n, err := c.Read(buf); err == nil; n, err = c.Read(buf) {
					arrived <- string(buf[:n])
					_, _ = c.Write(buf[:n])
				}
			}()
		}
	}()
	return listener.Addr().String(), arrived
}
