package enricher

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// InProcess is for programs that run their own plugins in their process. It returns a function
// that creates the plugin that [Serve] would serve, from a new [Enricher] per call. The plugin
// is an [io.Closer]; an [Enricher] that is a [Logger] logs to log.
func InProcess(newEnricher func() Enricher) func(log *slog.Logger) plugin.GRPCPlugin {
	return func(log *slog.Logger) plugin.GRPCPlugin { return newPlugin(newEnricher(), log) }
}

// grpcPlugin implements go-plugin's interface. It has no client side, which is part of the
// host.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	enricher Enricher
}

var (
	_ plugin.GRPCPlugin = (*grpcPlugin)(nil)
	_ io.Closer         = (*grpcPlugin)(nil)
)

func newPlugin(e Enricher, log *slog.Logger) *grpcPlugin {
	if l, ok := e.(Logger); ok {
		l.SetLogger(log)
	}
	return &grpcPlugin{enricher: e}
}

// GRPCServer registers the service.
func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	enrichv1.RegisterEnricherServiceServer(s, NewServer(p.enricher))
	return nil
}

// GRPCClient returns an error, since hosts have their own client.
func (*grpcPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not implemented: this is the plugin's side")
}

// Close closes the enricher, if it is an [io.Closer].
func (p *grpcPlugin) Close() error {
	if c, ok := p.enricher.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
