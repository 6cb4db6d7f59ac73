// Package freeport finds addresses for the servers that tests start as programs.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// The ports are taken from below those that kernels give to outgoing connections (from
// 32768 on Linux, from 49152 on macOS). Otherwise a connection of another test may take
// the port before the program listens on it.
const first, last = 20000, 32767

// Address returns a loopback address, such as 127.0.0.1:23456, on which nothing listens.
// No other test gets it before tb ends, not even one of another process.
func Address(tb testing.TB) string {
	tb.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(Port(tb)))
}

// Port returns a port of 127.0.0.1 on which nothing listens. No other test gets it before
// tb ends, not even one of another process.
func Port(tb testing.TB) int {
	tb.Helper()
	const attempts = 100
	for range attempts {
		port := first + rand.IntN(last-first+1)
		if reserve(tb, port) {
			return port
		}
	}
	tb.Fatalf("no free port after %d attempts", attempts)
	return 0
}

// reserve reports whether the port is free, and then locks a file of its name until tb ends.
func reserve(tb testing.TB, port int) bool {
	tb.Helper()
	dir := filepath.Join(os.TempDir(), "freeport-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !free(tb, port) {
		_ = lock.Close()
		return false
	}
	tb.Cleanup(func() { _ = lock.Close() })
	return true
}

// free reports whether nothing listens on the port. It doesn't try to listen: a process that is being started at the
// same time would inherit the listener, and hold the port until it executes its program.
func free(tb testing.TB, port int) bool {
	tb.Helper()
	conn, err := new(net.Dialer).DialContext(tb.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
