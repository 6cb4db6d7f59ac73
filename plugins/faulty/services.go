package faulty

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// services are plugins without package enricher, which would not let them fail.
func services() map[string]enrichv1.EnricherServiceServer {
	return map[string]enrichv1.EnricherServiceServer{
		"few":   &counted{more: -1},
		"many":  &counted{more: +1},
		"fails": &counted{},
	}
}

// serve serves a service as package enricher would.
func serve(s enrichv1.EnricherServiceServer) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: enrichv1.ProtocolVersion, MagicCookieKey: enrichv1.MagicCookieKey, MagicCookieValue: enrichv1.MagicCookieValue,
		},
		Plugins:    plugin.PluginSet{"enricher": &servicePlugin{service: s}},
		GRPCServer: plugin.DefaultGRPCServer,
	})
}

type servicePlugin struct {
	plugin.NetRPCUnsupportedPlugin
	service enrichv1.EnricherServiceServer
}

func (p *servicePlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	enrichv1.RegisterEnricherServiceServer(s, p.service)
	return nil
}

func (*servicePlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

// counted answers with so many patches more than there are records; if that is 0,
// with an error.
type counted struct {
	enrichv1.UnimplementedEnricherServiceServer
	more int
}

func (*counted) Describe(context.Context, *enrichv1.DescribeRequest) (*enrichv1.DescribeResponse, error) {
	return &enrichv1.DescribeResponse{Name: Name, Version: "1"}, nil
}

func (*counted) Configure(context.Context, *enrichv1.ConfigureRequest) (*enrichv1.ConfigureResponse, error) {
	return &enrichv1.ConfigureResponse{}, nil
}

func (c *counted) Enrich(_ context.Context, r *enrichv1.EnrichRequest) (*enrichv1.EnrichResponse, error) {
	if c.more == 0 {
		time.Sleep(time.Millisecond)
		return nil, errors.New("database is away")
	}
	return &enrichv1.EnrichResponse{Patches: make([]*enrichv1.Patch, len(r.GetRecords())+c.more)}, nil
}
