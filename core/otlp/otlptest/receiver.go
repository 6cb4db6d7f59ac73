// Package otlptest has a real OTLP receiver of logs and traces for tests: gRPC or HTTP on
// loopback, plaintext or TLS, which keeps the requests and fails on command.
//
// It is for faults between two processes. Tests of the contents of records do without
// it.
package otlptest

import (
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"

	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// Options of a [Receiver]. The zero value is gRPC in plaintext.
type Options struct {
	HTTP     bool
	TLS      *tls.Config // of the server; nil: plaintext
	MaxBytes int         // of a request, uncompressed; 0: gRPC's 4 MiB, no limit with HTTP
	Socket   string      // path of a Unix socket, instead of loopback
	LogsOnly bool        // no service for traces
}

// Request is one that the receiver took, or read before it lost the answer.
type Request struct {
	Headers map[string]string // by lower-case name
	Gzip    bool
	Bytes   int // uncompressed
	Logs    []*logspb.ResourceLogs
	Spans   []*tracepb.ResourceSpans
}

// Receiver is an OTLP receiver on loopback. Its methods may be called
// concurrently.
type Receiver struct {
	options          Options
	network, address string

	mu       sync.Mutex
	server   server
	conns    *trackingListener
	requests []Request
	attempts int
	next     []Fault
	always   *Fault
	refuse   func(*logspb.ResourceLogs) bool
	forget   atomic.Bool
}

// server is a server of one of the protocols.
type server interface {
	serve(net.Listener) // blocks until stop
	stop()
}

// New starts a receiver that stops with the test.
func New(tb testing.TB, o Options) *Receiver {
	tb.Helper()
	r := &Receiver{options: o, network: "tcp", address: freeport.Address(tb)}
	if o.Socket != "" {
		r.network, r.address = "unix", o.Socket
	}
	r.Start(tb)
	tb.Cleanup(r.Stop)
	return r
}

// Unreachable returns a receiver that isn't started: nothing listens at its address.
func Unreachable(tb testing.TB, o Options) *Receiver {
	tb.Helper()
	r := New(tb, o)
	r.Stop()
	return r
}

// Start listens, after Stop at the same address as before.
func (r *Receiver) Start(tb testing.TB) {
	tb.Helper()
	var config net.ListenConfig
	var l net.Listener
	// After Stop, a process that was being started meanwhile may have inherited the listener for a moment.
	wait.NoError(tb, "the receiver listens", func() (err error) {
		l, err = config.Listen(tb.Context(), r.network, r.address)
		return err
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.address = l.Addr().String()
	r.conns = &trackingListener{Listener: l, open: make(map[net.Conn]bool)}
	if r.options.HTTP {
		r.server = newHTTPServer(r)
	} else {
		r.server = newGRPCServer(r)
	}
	go r.server.serve(r.conns)
}

// Stop closes the listener and all connections, as if a process was killed.
func (r *Receiver) Stop() {
	r.mu.Lock()
	server, conns := r.server, r.conns
	r.server = nil
	r.mu.Unlock()
	if server == nil {
		return
	}
	_ = conns.Close()
	conns.closeAll()
	server.stop()
}

// URL returns the endpoint, without a path. With a socket there is none.
func (r *Receiver) URL() string {
	if r.options.TLS != nil {
		return "https://" + r.address
	}
	return "http://" + r.address
}

// Play makes the next requests fail, each in its own way. Later ones succeed.
func (r *Receiver) Play(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = append(r.next, faults...)
}

// PlayAlways makes all requests fail in the same way, until it is called with nil.
func (r *Receiver) PlayAlways(f *Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.always = f
}

// Refuse makes the receiver answer InvalidArgument, or 400, to requests that
// contain a record for which match is true.
func (r *Receiver) Refuse(match func(*logspb.ResourceLogs) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = match
}

// Forget makes the receiver take requests without decoding them, which costs more than
// to send them: for benchmarks.
func (r *Receiver) Forget() { r.forget.Store(true) }

// Requests returns those that the receiver took, in order.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Attempts returns the number of requests that arrived, including those that failed.
func (r *Receiver) Attempts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempts
}

// Bodies returns the bodies of all records that the receiver took, in order.
func (r *Receiver) Bodies() []string {
	var bodies []string
	for _, request := range r.Requests() {
		for _, logs := range request.Logs {
			bodies = append(bodies, Bodies(logs)...)
		}
	}
	return bodies
}

// Bodies returns the bodies of the records in logs.
func Bodies(logs *logspb.ResourceLogs) []string {
	var bodies []string
	for _, scope := range logs.GetScopeLogs() {
		for _, record := range scope.GetLogRecords() {
			bodies = append(bodies, record.GetBody().GetStringValue())
		}
	}
	return bodies
}

// receive decides how a request fails, and keeps it unless it does.
func (r *Receiver) receive(request Request) Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.fault(request)
	if f.received() {
		r.requests = append(r.requests, request)
	}
	return f
}

func (r *Receiver) fault(request Request) Fault {
	r.attempts++
	if len(r.next) > 0 {
		f := r.next[0]
		r.next = r.next[1:]
		return f
	}
	if r.always != nil {
		return *r.always
	}
	if r.refuse != nil && slices.ContainsFunc(request.Logs, r.refuse) {
		return invalid()
	}
	return Fault{}
}

func (r *Receiver) closeConnections() {
	r.mu.Lock()
	conns := r.conns
	r.mu.Unlock()
	conns.closeAll()
}
