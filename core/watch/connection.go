package watch

import (
	"context"
	"net"
	"time"

	"k8s.io/client-go/rest"
)

// A peer that is gone without a word is found within keepAliveIdle and
// keepAliveProbes times keepAliveInterval: 45 s, as client-go's pings of HTTP/2
// find it.
const (
	dialTimeout       = 30 * time.Second
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 10 * time.Second
	keepAliveProbes   = 3
)

// connect sets how a client's connections are made, but for what the caller has
// set. A transport of the caller's is taken as it is.
//
// HTTP/1.1 it is because HTTP/2 has each byte of a watch go through one more
// buffer and one more goroutine, with a message back for every few kilobytes, so
// that many requests can share a connection; here each has its own.
//
// Nothing is compressed: API servers would compress long lists, and with a
// streaming list all events that follow on it, which costs both sides more than
// the bytes that are saved are worth within a cluster.
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
