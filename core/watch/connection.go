package watch

import (
	"context"
	"net"
	"time"

	"k8s.io/client-go/rest"
)

// A lost peer is noticed within keepAliveIdle and keepAliveProbes times
// keepAliveInterval: 45 s, as with client-go's pings of HTTP/2.
const (
	dialTimeout       = 30 * time.Second
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 10 * time.Second
	keepAliveProbes   = 3
)

// connect sets how a client's connections are made, unless the caller has set it.
//
// HTTP/2 takes each byte of a watch through one more buffer and one more goroutine,
// and sends a message back for every few kilobytes, so that many requests can share a
// connection. Here each request has its own, over HTTP/1.1.
//
// Without DisableCompression API servers compress long lists, and after a streaming
// list all events that follow on it. Within a cluster that costs both sides more than
// the saved bytes are worth.
func connect(cfg *rest.Config) {
	cfg.DisableCompression = true
	if len(cfg.NextProtos) == 0 {
		cfg.NextProtos = []string{"http/1.1"}
	}
	if cfg.Dial == nil {
		cfg.Dial = dial
	}
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{
		Timeout: dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveProbes,
		},
	}
	return dialer.DialContext(ctx, network, address)
}
