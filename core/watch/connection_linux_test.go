package watch_test

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// TestKeepAlive holds that the kernel looks after a connection, as pings of HTTP/2
// do: a peer that is gone is found within 45 s.
func TestKeepAlive(t *testing.T) {
	cfg, w := watched(newServer(t, apiscript.WithTLS()).Config())
	client, err := watch.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Get().Resource("pods").Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	secured, ok := w.last.(*tls.Conn)
	if !ok {
		t.Fatalf("the connection is a %T", w.last)
	}
	got := options(t, secured.NetConn(), map[string][2]int{
		"on":       {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
		"idle":     {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
		"interval": {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL},
		"probes":   {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT},
	})
	if diff := cmp.Diff(map[string]int{"on": 1, "idle": 15, "interval": 10, "probes": 3}, got); diff != "" {
		t.Errorf("keep-alive (-want +got):\n%s", diff)
	}
}

// options returns socket options, which are named by their level and number.
func options(t *testing.T, conn net.Conn, which map[string][2]int) map[string]int {
	t.Helper()
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("below TLS is a %T", conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]int{}
	err = raw.Control(func(fd uintptr) {
		for name, option := range which {
			value, err := syscall.GetsockoptInt(int(fd), option[0], option[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			values[name] = value
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}
