// Package freeport finds addresses for the servers that tests start as programs.
package freeport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports are taken from below those that kernels give to outgoing connections (from
// 32768 on Linux, from 49152 on macOS). Otherwise a connection of another test may take
// the port before the program listens on it.
const first, last = 20000, 32767

// Address returns a loopback address, such as 127.0.0.1:23456, on which nothing listens.
func Address(tb testing.TB) string {
	tb.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(Port(tb)))
}

// Port returns a port of 127.0.0.1 on which nothing listens.
func Port(tb testing.TB) int {
	tb.Helper()
	const attempts = 100
	var err error
	for range attempts {
		port := first + rand.IntN(last-first+1)
		var listener net.Listener
		listener, err = new(net.ListenConfig).Listen(tb.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
	tb.Fatalf("find a free port: %v", err)
	return 0
}
