package enrichv1_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/wrapperspb"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// TestCodec checks that our codec and gRPC's own read each other's output.
func TestCodec(t *testing.T) {
	ours, theirs := enrichv1.Codec(), encoding.GetCodecV2("proto")
	for _, message := range []proto.Message{
		&enrichv1.EnrichRequest{Records: []*enrichv1.Record{{Info: "ü", Pod: &enrichv1.Pod{
			Labels: map[string]string{"a": "", "": "b"},
			Owners: []*enrichv1.Owner{{Name: "o", Annotations: map[string]string{"k": "v"}}},
		}, Container: &enrichv1.Container{ExitCode: proto.Int32(0)}}, {}}},
		&enrichv1.EnrichResponse{Patches: []*enrichv1.Patch{{}, {Attributes: []*enrichv1.Attribute{
			{Key: "s", Value: &enrichv1.Attribute_StringValue{}},
			{Key: "i", Value: &enrichv1.Attribute_IntValue{IntValue: -1}},
			{Key: "none"},
		}}}},
		&enrichv1.DescribeRequest{},
		wrapperspb.String("not of this package"),
	} {
		for _, way := range []struct{ writer, reader encoding.CodecV2 }{{ours, theirs}, {theirs, ours}, {ours, ours}} {
			data, err := way.writer.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			read := message.ProtoReflect().New().Interface()
			if err := way.reader.Unmarshal(data, read); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(message, read, protocmp.Transform()); diff != "" {
				t.Errorf("(-written +read):\n%s", diff)
			}
		}
	}
}

// TestCodecCounts checks that an answer is rejected if it would take much more memory than its
// length.
func TestCodecCounts(t *testing.T) {
	patches := func(n, attributes int) *enrichv1.EnrichResponse {
		r := &enrichv1.EnrichResponse{}
		for range n {
			p := &enrichv1.Patch{Error: "e"}
			for range attributes {
				p.Attributes = append(p.Attributes, &enrichv1.Attribute{})
			}
			r.Patches = append(r.Patches, p)
		}
		return r
	}
	for _, c := range []struct {
		answer *enrichv1.EnrichResponse
		ok     bool
	}{{patches(1000, 65), true}, {patches(1, 256), true}, {patches(1001, 0), false}, {patches(2, 257), false}} {
		data, err := proto.Marshal(c.answer)
		if err != nil {
			t.Fatal(err)
		}
		err = enrichv1.Codec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, &enrichv1.EnrichResponse{})
		if (err == nil) != c.ok {
			t.Errorf("%d patches with %d attributes: %v", len(c.answer.Patches), len(c.answer.Patches[0].Attributes), err)
		}
	}
}

// FuzzCodec checks that any input is decoded as by gRPC's own codec, or rejected by one of
// them. Ours accepts invalid UTF-8, theirs ignores fields of a wrong type.
func FuzzCodec(f *testing.F) {
	ours, theirs := enrichv1.Codec(), encoding.GetCodecV2("proto")
	seed, err := proto.Marshal(&enrichv1.EnrichResponse{Patches: []*enrichv1.Patch{{
		Traceparent: "t",
		Attributes:  []*enrichv1.Attribute{{Key: "k", Value: &enrichv1.Attribute_BoolValue{BoolValue: true}}},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, want enrichv1.EnrichResponse
		data := mem.BufferSlice{mem.SliceBuffer(b)}
		gotErr, wantErr := ours.Unmarshal(data, &got), theirs.Unmarshal(data, &want)
		if gotErr != nil || wantErr != nil {
			return
		}
		if diff := cmp.Diff(&want, &got, protocmp.Transform(), protocmp.IgnoreUnknown(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("(-theirs +ours):\n%s", diff)
		}
	})
}
