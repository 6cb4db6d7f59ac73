package pluginhost

import (
	"context"
	"errors"
	"net/rpc"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// launch configures go-plugin to start a plugin as a process.
func (l *launcher) launch(p *process) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  enrichv1.ProtocolVersion,
			MagicCookieKey:   enrichv1.MagicCookieKey,
			MagicCookieValue: enrichv1.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{enrichv1.ProtocolVersion: {dispensed: connection{}}},
		RunnerFunc: func(_ hclog.Logger, variables *exec.Cmd, folder string) (runner.Runner, error) {
			p.folder = folder
			p.cmd.Env = append(p.cmd.Env, variables.Env...)
			return p, p.pin(&l.spec)
		},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         !l.spec.PlainText,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: p.sockets},
		GRPCDialOptions:  dialOptions(),
		Logger:           l.library,
		SyncStdout:       l.output,
		SyncStderr:       l.output,
	}
}

// attach configures go-plugin to speak to a plugin within this process.
func (l *launcher) attach(p *inProcess) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		Plugins: plugin.PluginSet{dispensed: connection{}},
		Reattach: &plugin.ReattachConfig{
			Protocol:        plugin.ProtocolGRPC,
			ProtocolVersion: enrichv1.ProtocolVersion,
			Addr:            p.listener.Addr(),
			ReattachFunc:    func() (runner.AttachedRunner, error) { return p, nil },
		},
		GRPCDialOptions: append(dialOptions(), p.dialOptions()...),
		Logger:          l.library,
	}
}

func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithIdleTimeout(0), // gRPC would disconnect from a plugin that has no stdio stream
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(enrichv1.MaxMessageBytes)),
		grpc.WithStreamInterceptor(withoutBroker),
	}
}

// withoutBroker refuses the stream on which plugins could ask for more
// connections: the host offers none, and go-plugin would keep every request.
func withoutBroker(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if method == "/plugin.GRPCBroker/StartStream" {
		return nil, status.Error(codes.Unimplemented, "there is no broker")
	}
	return streamer(ctx, desc, conn, method, opts...)
}

// dispensed is the name of the one thing that go-plugin has a plugin dispense.
const dispensed = "enricher"

// connection dispenses the connection itself; [v1.Client] makes the calls.
type connection struct{}

var _ plugin.GRPCPlugin = connection{}

func (connection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

func (connection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.ErrUnsupported }

// Server and Client are for go-plugin's other protocol.
func (connection) Server(*plugin.MuxBroker) (any, error) { return nil, errors.ErrUnsupported }

func (connection) Client(*plugin.MuxBroker, *rpc.Client) (any, error) {
	return nil, errors.ErrUnsupported
}
