package enrichv1

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// ServerOptions returns the options of a gRPC server of this service: [Codec], and
// [MaxMessageBytes] in both directions.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(Codec()),
		grpc.MaxRecvMsgSize(MaxMessageBytes), grpc.MaxSendMsgSize(MaxMessageBytes),
	}
}

// Codec returns gRPC's codec for protobuf, with generated code for the messages of this
// package, which takes a third of the time. It does not check that strings are valid UTF-8,
// which is up to their writers.
func Codec() encoding.CodecV2 { return codec{encoding.GetCodecV2(proto.Name)} }

type codec struct{ encoding.CodecV2 }

// generated is implemented by the messages of this package.
type generated interface {
	SizeVT() int
	MarshalToSizedBufferVT(b []byte) (int, error)
	UnmarshalVT(b []byte) error
}

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(generated)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(m.SizeVT())
	if _, err := m.MarshalToSizedBufferVT(*buffer); err != nil {
		pool.Put(buffer)
		return nil, err
	}
	return mem.BufferSlice{mem.NewBuffer(buffer, pool)}, nil
}

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(generated)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	if _, answer := v.(*EnrichResponse); answer {
		if err := checkCounts(buffer.ReadOnlyData()); err != nil {
			return err
		}
	}
	return m.UnmarshalVT(buffer.ReadOnlyData())
}

const (
	maxPatches    = 1000 // the most records of a batch
	maxAttributes = 256  // of a patch; more than allowed, so that the error names the broken rule
)

// checkCounts rejects an answer that would take much more memory than its length: an empty
// patch has two bytes.
func checkCounts(answer []byte) error {
	patches := 0
	return eachMessage(answer, func(patch []byte) error {
		patches++
		if patches > maxPatches {
			return fmt.Errorf("more than %d patches", maxPatches)
		}
		attributes := 0
		return eachMessage(patch, func([]byte) error {
			attributes++
			if attributes > maxAttributes {
				return fmt.Errorf("more than %d attributes in a patch", maxAttributes)
			}
			return nil
		})
	})
}

// eachMessage calls do for each value of field 1 of a message: the patches of an answer, the
// attributes of a patch.
func eachMessage(b []byte, do func([]byte) error) error {
	for len(b) > 0 {
		number, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if number == 1 && typ == protowire.BytesType {
			value, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return protowire.ParseError(n)
			}
			if err := do(value); err != nil {
				return err
			}
			b = b[n:]
			continue
		}
		n = protowire.ConsumeFieldValue(number, typ, b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
	}
	return nil
}
