package freeport_test

import (
	"net"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
)

func TestAddress(t *testing.T) {
	address := freeport.Address(t)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if port := listener.Addr().(*net.TCPAddr).Port; port < 20000 || port >= 32768 {
		t.Errorf("port %d may be given to an outgoing connection", port)
	}
}

// TestReserved: a port is given once while a test runs that has it.
func TestReserved(t *testing.T) {
	ports := map[int]bool{}
	for range 200 { // of 12,768: without reservation, two would be equal with a probability of 79 %
		port := freeport.Port(t)
		if ports[port] {
			t.Fatalf("port %d is given twice", port)
		}
		ports[port] = true
	}
}
