// Package sink is an OTLP receiver for measurements: it takes logs over gRPC,
// counts records, notes when each event was received, and answers, without
// decoding more than it needs for that.
package sink

import (
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// Sink is an OTLP receiver. Use [Start].
type Sink struct {
	grpc  *grpc.Server
	addr  string
	tally *Tally
}

// Start receives on a free port of the loopback interface.
func Start(tally *Tally) (*Sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	const maxRequest = 1 << 30 // a batch of 8192 large pods is a quarter of it
	s := &Sink{addr: ln.Addr().String(), tally: tally}
	s.grpc = grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(s.export),
		grpc.MaxRecvMsgSize(maxRequest))
	go func() { _ = s.grpc.Serve(ln) }() // until Close
	return s, nil
}

// Address is host and port.
func (s *Sink) Address() string { return s.addr }

// Close ends all connections.
func (s *Sink) Close() { s.grpc.Stop() }

// export takes the one request of a call, whatever its method is called.
func (s *Sink) export(_ any, stream grpc.ServerStream) error {
	var request mem.BufferSlice
	if err := stream.RecvMsg(&request); err != nil {
		return fmt.Errorf("receive request: %w", err)
	}
	now := time.Now()
	defer request.Free()
	body := request.MaterializeToBuffer(mem.DefaultBufferPool())
	defer body.Free()
	if err := EachRecord(body.ReadOnlyData(), func(r []byte) { s.tally.Add(r, seqOf(r), now) }); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	empty := mem.BufferSlice{} // of an ExportLogsServiceResponse: all were taken
	return stream.SendMsg(&empty)
}

// raw is a codec that leaves messages as they are.
type raw struct{}

var _ encoding.CodecV2 = raw{}

func (raw) Name() string { return "raw" }

func (raw) Marshal(v any) (mem.BufferSlice, error) { return *v.(*mem.BufferSlice), nil }

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	data.Ref()
	*v.(*mem.BufferSlice) = data
	return nil
}
