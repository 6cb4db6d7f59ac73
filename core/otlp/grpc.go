package otlp

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
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

type grpcTransport struct {
	method  string
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
		method:  s.Signal.method(),
		conn:    conn,
		headers: metadata.New(s.Headers),
		options: []grpc.CallOption{grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(maxAnswer)},
	}, nil
}

// DialGRPC returns a connection with these settings, except for headers and the time
// for a request. It doesn't connect yet, and fails only for settings that can't work.
func DialGRPC(s Settings) (*grpc.ClientConn, error) {
	s = s.withDefaults()
	return grpc.NewClient(grpcTarget(s.Endpoint),
		grpc.WithTransportCredentials(grpcCredentials(s)),
		grpc.WithUserAgent(s.UserAgent),
		grpc.WithConnectParams(grpc.ConnectParams{
			// gRPC reconnects independently of our own retries, which fail at once
			// while it pauses. With its own maximum of two minutes, a receiver that
			// is back would go unnoticed for that long.
			Backoff: backoff.Config{
				BaseDelay: s.RetryInitial, Multiplier: 1.6, Jitter: 0.2,
				MaxDelay: max(s.RetryInitial, s.RetryMax/6),
			},
			MinConnectTimeout: s.Timeout,
		}),
		// Requests are too short for pings, and a server with defaults closes
		// connections with more than one in five minutes. Timeout is the setting
		// that matters: after it the kernel gives up a connection with
		// unacknowledged data, as when a firewall has forgotten it.
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
	if err := t.conn.Invoke(ctx, t.method, request, &response, t.options...); err != nil {
		return answer{}, grpcFailure(err)
	}
	return decodeAnswer(response), nil
}

// rawCodec passes records on as they are: joined, they already are a request. Its
// name marks the calls as protobuf, which they are.
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
		absent:  s.Code() == codes.Unimplemented,
		err:     fmt.Errorf("%s: %s", s.Code(), shorten(s.Message())),
	}
}

// grpcVerdict retries the codes that the OTLP specification calls retryable, and by the
// rule of verdict more: ResourceExhausted also without RetryInfo; Unknown and
// Internal, the answers of proxies and crashes; Unauthenticated, PermissionDenied,
// Unimplemented and NotFound, which are about us or the receiver and not about the
// records.
func grpcVerdict(code codes.Code, message string) verdict {
	switch code {
	case codes.InvalidArgument, codes.FailedPrecondition:
		return refuse
	case codes.ResourceExhausted, codes.OutOfRange, codes.Unknown:
		if isTooLarge(message) {
			return shrink
		}
	case codes.Internal:
		// The server can't decode the request, and won't the next time.
		if strings.Contains(message, "error unmarshalling request") {
			return refuse
		}
	}
	return retry
}

// isTooLarge reports whether the message is about the size of the request. There is no
// code for that: gRPC in Go, Java, C++ and .NET answers ResourceExhausted, Rust's tonic
// OutOfRange, and a proxy's 413 becomes Unknown. The client's own error about an answer
// that is too large has the same text as Go's; such an answer is retried.
func isTooLarge(message string) bool {
	message = strings.ToLower(message)
	if strings.HasSuffix(strings.TrimRight(message, ")"), " "+strconv.Itoa(maxAnswer)) {
		return false
	}
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
