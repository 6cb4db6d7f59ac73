package otlp

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const exportMethod = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

type grpcTransport struct {
	conn    *grpc.ClientConn
	headers metadata.MD
	options []grpc.CallOption
}

func dialGRPC(s Settings) (*grpcTransport, error) {
	conn, err := DialGRPC(s)
	if err != nil {
		return nil, err
	}
	return &grpcTransport{
		conn:    conn,
		headers: metadata.New(s.Headers),
		options: []grpc.CallOption{grpc.ForceCodecV2(rawCodec{})},
	}, nil
}

// DialGRPC makes a connection by the settings, all but their headers and the time
// for a request. It doesn't connect yet, and fails only for settings that can't
// work.
func DialGRPC(s Settings) (*grpc.ClientConn, error) {
	s = s.withDefaults()
	return grpc.NewClient(grpcTarget(s.Endpoint),
		grpc.WithTransportCredentials(grpcCredentials(s)),
		grpc.WithUserAgent(s.UserAgent),
		grpc.WithConnectParams(grpc.ConnectParams{
			// Reconnecting runs beside our own retries, which fail at once
			// while it pauses: with gRPC's own maximum of two minutes, a
			// receiver that is back would go unnoticed for that long.
			Backoff: backoff.Config{
				BaseDelay: s.RetryInitial, Multiplier: 1.6, Jitter: 0.2,
				MaxDelay: max(s.RetryInitial, s.RetryMax/6),
			},
			MinConnectTimeout: s.Timeout,
		}),
		// Requests are too short to be pinged through, and more frequent pings
		// than one in five minutes are abuse to a server with defaults. It is
		// Timeout that matters: the kernel gives up a connection on which sent
		// data stays unacknowledged for longer, as on one that a firewall forgot.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 5 * time.Minute, Timeout: 20 * time.Second}),
		grpc.WithDefaultCallOptions(compressed(s)...),
	)
}

func compressed(s Settings) []grpc.CallOption {
	if s.Compression == Gzip {
		return []grpc.CallOption{grpc.UseCompressor(gzip.Name)}
	}
	return nil
}

func grpcTarget(endpoint *url.URL) string {
	if endpoint.Scheme == "unix" {
		return endpoint.String()
	}
	return "dns:///" + endpoint.Host
}

func grpcCredentials(s Settings) credentials.TransportCredentials {
	if s.TLS == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(s.TLS)
}

func (t *grpcTransport) close() { _ = t.conn.Close() }

func (t *grpcTransport) export(ctx context.Context, records [][]byte) (answer, error) {
	request := make(mem.BufferSlice, len(records))
	for i, r := range records {
		request[i] = mem.SliceBuffer(r)
	}
	var response []byte
	ctx = metadata.NewOutgoingContext(ctx, t.headers)
	if err := t.conn.Invoke(ctx, exportMethod, request, &response, t.options...); err != nil {
		return answer{}, grpcFailure(err)
	}
	return decodeAnswer(response), nil
}

// rawCodec lets records pass as they are: joined, they already are a request.
// The calls are marked as protobuf all the same, which they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	request, ok := v.(mem.BufferSlice)
	if !ok {
		return nil, fmt.Errorf("marshal %T: want encoded records", v)
	}
	return request, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	response, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("unmarshal into %T: want bytes", v)
	}
	*response = data.Materialize()
	return nil
}

func grpcFailure(err error) *failure {
	s := status.Convert(err)
	return &failure{
		verdict: grpcVerdict(s.Code(), s.Message()),
		after:   retryInfo(s),
		err:     fmt.Errorf("%s: %s", s.Code(), shorten(s.Message())),
	}
}

// grpcVerdict follows the OTLP specification where it says that a code may be
// retried, and the rule of verdict beyond it: ResourceExhausted also without
// RetryInfo; Unknown and Internal, which proxies and crashes answer with;
// Unauthenticated, PermissionDenied, Unimplemented and NotFound, which are about
// us or the receiver and not about the records.
func grpcVerdict(code codes.Code, message string) verdict {
	switch code {
	case codes.InvalidArgument, codes.FailedPrecondition:
		return refuse
	case codes.ResourceExhausted, codes.OutOfRange, codes.Unknown:
		if saysTooLarge(message) {
			return shrink
		}
	case codes.Internal:
		// A server that can't read the request; trying again won't teach it.
		if strings.Contains(message, "error unmarshalling request") {
			return refuse
		}
	}
	return retry
}

// saysTooLarge recognises a message that exceeds what the server takes. There
// is no code for that: gRPC in Go, Java, C++ and .NET says ResourceExhausted,
// Rust's tonic OutOfRange, and a proxy that answers 413 becomes Unknown.
func saysTooLarge(message string) bool {
	message = strings.ToLower(message)
	for _, phrase := range [...]string{
		"message larger than max", "decompression larger than max", // Go, C++
		"message exceeds maximum size",                // Java
		"exceeds the maximum configured message size", // .NET
		"message length too large",                    // Rust
		"unexpected http status code received from server: 413",
	} {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return false
}

func retryInfo(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}
