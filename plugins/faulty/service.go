package faulty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// service is a plugin without package enricher, which would not let it fail. It does
// everything right until one of its functions is replaced.
type service struct {
	enrichv1.UnimplementedEnricherServiceServer
	describe  func() *enrichv1.DescribeResponse
	configure func(config string) error
	enrich    func(ctx context.Context, records []*enrichv1.Record) ([]*enrichv1.Patch, error)
	intercept grpc.UnaryServerInterceptor // of all calls, those of other services too
}

func newService() *service {
	description := &enrichv1.DescribeResponse{Name: Name, Version: "1.0.0"}
	s := &service{
		describe:  func() *enrichv1.DescribeResponse { return description },
		configure: refuseKeys,
		intercept: func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			return next(ctx, request)
		},
	}
	s.changePatch(func(*enrichv1.Record, *enrichv1.Patch) {})
	return s
}

// changePatch changes the patch of each record.
func (s *service) changePatch(change func(*enrichv1.Record, *enrichv1.Patch)) {
	s.enrich = func(_ context.Context, records []*enrichv1.Record) (patches []*enrichv1.Patch, err error) {
		for _, r := range records {
			p := &enrichv1.Patch{Attributes: []*enrichv1.Attribute{text("pod", r.GetPod().GetName())}}
			change(r, p)
			patches = append(patches, p)
		}
		return patches, nil
	}
}

// add adds an attribute to a patch.
func add(p *enrichv1.Patch, key, value string) { p.Attributes = append(p.Attributes, text(key, value)) }

func text(key, value string) *enrichv1.Attribute {
	return &enrichv1.Attribute{Key: Name + "." + key, Value: &enrichv1.Attribute_StringValue{StringValue: value}}
}

func refuseKeys(config string) error {
	var keys map[string]any
	if err := json.Unmarshal([]byte(config), &keys); err != nil {
		return err
	}
	for key := range keys {
		return fmt.Errorf("%s: unknown key", key)
	}
	return nil
}

func (s *service) Describe(context.Context, *enrichv1.DescribeRequest) (*enrichv1.DescribeResponse, error) {
	return s.describe(), nil
}

func (s *service) Configure(_ context.Context, r *enrichv1.ConfigureRequest) (*enrichv1.ConfigureResponse, error) {
	if err := s.configure(r.GetConfigJson()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &enrichv1.ConfigureResponse{}, nil
}

func (s *service) Enrich(ctx context.Context, r *enrichv1.EnrichRequest) (*enrichv1.EnrichResponse, error) {
	patches, err := s.enrich(ctx, r.GetRecords())
	return &enrichv1.EnrichResponse{Patches: patches}, err
}

// serve serves the plugin as a process, as any program with go-plugin does.
func (s *service) serve() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: enrichv1.ProtocolVersion, MagicCookieKey: enrichv1.MagicCookieKey,
			MagicCookieValue: enrichv1.MagicCookieValue,
		},
		Plugins: plugin.PluginSet{"enricher": &servicePlugin{service: s}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return plugin.DefaultGRPCServer(append(options, grpc.UnaryInterceptor(s.intercept)))
		},
	})
}

// servicePlugin implements go-plugin's interface with a service.
type servicePlugin struct {
	plugin.NetRPCUnsupportedPlugin
	service *service
}

func (p *servicePlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	enrichv1.RegisterEnricherServiceServer(s, p.service)
	return nil
}

func (*servicePlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}
