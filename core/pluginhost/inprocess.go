package pluginhost

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// inProcess is one run of a plugin within this process: a gRPC server, to which
// go-plugin connects over a buffer in memory instead of a socket.
//
// It can't be killed as a process can. Kill disconnects it and cancels its calls;
// those that do not return are abandoned, and [guard] bounds their number.
type inProcess struct {
	plugin   plugin.GRPCPlugin
	guard    *guard
	server   *grpc.Server
	listener *bufconn.Listener
	kill     func()
	over     chan struct{} // closed by kill
}

var _ body = (*inProcess)(nil)

// pipeBytes is the capacity of the connection in each direction. A batch of
// records fits in it, so that the writer does not wait for the reader.
const pipeBytes = 256 << 10

// callsAtOnce is the number of calls that a host makes at a time. Each has a goroutine
// of the server at the ready, which saves a fifth of the CPU time of a call with one
// record: a new goroutine would have to grow its stack. Further calls get new ones.
const callsAtOnce = 2

// newInProcess makes a plugin and serves it.
func newInProcess(
	newPlugin func(*slog.Logger) plugin.GRPCPlugin, out *output, slots callSlots,
) (p *inProcess, err error) {
	p = &inProcess{
		guard:    &guard{slots: slots, out: out},
		listener: bufconn.Listen(pipeBytes),
		over:     make(chan struct{}),
	}
	server := grpc.NewServer(append(enrichv1.ServerOptions(),
		grpc.UnaryInterceptor(p.guard.call), grpc.NumStreamWorkers(callsAtOnce))...)
	p.server = server
	defer func() {
		if err != nil {
			server.Stop() // ends its goroutines
		}
	}()
	defer p.guard.rescue(&err)
	p.kill = sync.OnceFunc(func() {
		p.server.Stop()
		close(p.over)
	})
	p.plugin = newPlugin(newPluginLog(out))
	if err := p.plugin.GRPCServer(nil, p.server); err != nil { // nil: there is no broker
		return nil, fmt.Errorf("register its service: %w", err)
	}
	serving := health.NewServer()
	serving.SetServingStatus(plugin.GRPCServiceName, healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(p.server, serving)
	go func() { _ = p.server.Serve(p.listener) }() // until Stop
	return p, nil
}

// dialOptions connect to the plugin.
func (p *inProcess) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return p.listener.DialContext(ctx)
		}),
	}
}

// shutDown waits until all calls have returned, and closes the plugin.
func (p *inProcess) shutDown(ctx context.Context, _ *grpc.ClientConn) bool {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.guard.drain()
		if c, ok := p.plugin.(io.Closer); ok {
			var err error
			defer p.guard.rescue(&err)
			err = c.Close()
		}
	}()
	select {
	case <-closed:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *inProcess) exited() <-chan struct{} { return p.over }

// Wait waits until the plugin is killed.
func (p *inProcess) Wait(context.Context) error {
	<-p.over
	return nil
}

// Kill disconnects the plugin.
func (p *inProcess) Kill(context.Context) error {
	p.kill()
	return nil
}

// ID is a name in place of the id of a process.
func (*inProcess) ID() string { return "in process" }

// PluginToHost returns the address as it is.
func (*inProcess) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin returns the address as it is.
func (*inProcess) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
