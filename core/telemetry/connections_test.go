package telemetry_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/telemetry"
)

// TestHeldConnections: peers that hold connections open, in every way, keep no probe from its answer and no more than
// a bounded number of connections.
func TestHeldConnections(t *testing.T) {
	const attackers, limit = 400, 128
	for name, request := range map[string]string{
		"silent":             "",
		"idle":               "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
		"header without end": "GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ",
		"body without end":   "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, telemetry.Settings{})
			closed := make(chan struct{}, attackers)
			for range attackers {
				conn := dial(t, server, request)
				go func() {
					_, _ = io.Copy(io.Discard, conn)
					closed <- struct{}{}
				}()
			}
			if response, _ := ask(t, server, http.MethodGet, "/readyz"); response.StatusCode != http.StatusOK {
				t.Errorf("a probe is answered %s", response.Status)
			}
			for range attackers - limit {
				<-closed
			}
		})
	}
}

func dial(t *testing.T, server *telemetry.Server, request string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Logf("write: %v", err) // it may be closed already
	}
	return conn
}

// TestLargeHeader: a header above the limit is refused before it is read.
func TestLargeHeader(t *testing.T) {
	server := serve(t, telemetry.Settings{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://%s/livez", server.Addr()),
		nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-A", strings.Repeat("a", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return // the server closed the connection while the header was written
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 64 KiB is answered %s", response.Status)
	}
}
