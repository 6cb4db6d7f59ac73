package otlptest

import (
	"context"
	"net"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // which every receiver supports
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

type grpcServer struct{ *grpc.Server }

func (s grpcServer) serve(l net.Listener) { _ = s.Serve(l) }
func (s grpcServer) stop()                { s.Stop() }

func newGRPCServer(r *Receiver) server {
	options := []grpc.ServerOption{grpc.StatsHandler(compressionStats{})}
	if r.options.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(r.options.TLS)))
	}
	if r.options.MaxBytes > 0 {
		options = append(options, grpc.MaxRecvMsgSize(r.options.MaxBytes))
	}
	server := grpc.NewServer(options...)
	for _, s := range r.options.services() {
		// The generated stubs are in a module that isn't slim.
		server.RegisterService(&grpc.ServiceDesc{
			ServiceName: s.name,
			HandlerType: (*any)(nil),
			Methods: []grpc.MethodDesc{{
				MethodName: "Export",
				Handler:    r.handler(s),
			}},
		}, r)
	}
	return grpcServer{server}
}

func (r *Receiver) handler(s service) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		return r.exportGRPC(ctx, s, decode)
	}
}

func (r *Receiver) exportGRPC(ctx context.Context, s service, decode func(any) error) (any, error) {
	if r.forget.Load() {
		return new(emptypb.Empty), decode(new(emptypb.Empty))
	}
	request := Request{Headers: make(map[string]string)}
	if err := s.decode(func(m proto.Message) error {
		err := decode(m)
		request.Bytes = proto.Size(m)
		return err
	}, &request); err != nil {
		return nil, err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for name, values := range md {
		request.Headers[name] = values[0]
	}
	compression, _ := ctx.Value(compressionKey{}).(*string)
	request.Gzip = compression != nil && *compression == "gzip"
	return r.answerGRPC(ctx, s, r.receive(request))
}

func (r *Receiver) answerGRPC(ctx context.Context, s service, f Fault) (any, error) {
	switch {
	case f.Hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case f.Close:
		r.closeConnections()
		return nil, status.Error(codes.Aborted, "nobody reads this")
	case f.Code != codes.OK:
		return nil, f.grpcStatus().Err()
	}
	response := s.response(f)
	if f.Bytes > 0 {
		response.ProtoReflect().SetUnknown(protowire.AppendBytes([]byte{0x7a}, make([]byte, f.Bytes))) // field 15
	}
	if f.Garbage {
		response.ProtoReflect().SetUnknown([]byte{0x0a, 0x02, 0xff, 0xff}) // partial_success with invalid contents
	}
	return response, nil
}

func (f Fault) grpcStatus() *status.Status {
	s := status.New(f.Code, f.Message)
	if f.RetryAfter == 0 {
		return s
	}
	detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	if err != nil {
		return s
	}
	return detailed
}

// compressionStats shows the handler the compression of a request, which gRPC doesn't put
// into the metadata.
type compressionStats struct{}

type compressionKey struct{}

func (compressionStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, compressionKey{}, new(string))
}

func (compressionStats) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.InHeader); ok {
		*ctx.Value(compressionKey{}).(*string) = header.Compression
	}
}

func (compressionStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}
func (compressionStats) HandleConn(context.Context, stats.ConnStats) {}
