package emit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/span"
)

// TestSpans: encoded spans are requests, also when they are joined.
func TestSpans(t *testing.T) {
	start := time.Unix(1_790_000_000, 5)
	link := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{3}, SpanID: trace.SpanID{4}})
	shared := resource.NewSchemaless(attribute.String("deployment.environment.name", "prod"),
		attribute.String("service.name", "that of this program"))
	encoded := emit.NewSpanEncoder("1.2", shared).Encode([]span.Span{
		{
			Trace: trace.TraceID{1}, ID: trace.SpanID{2}, Name: "rollout web", Server: true, Start: start,
			End: start.Add(time.Second), Attributes: []attribute.KeyValue{attribute.Int("n", 3)},
			Resource: []attribute.KeyValue{attribute.String("service.name", "kubernetes-rollouts")},
		},
		{
			Trace: trace.TraceID{1}, ID: trace.SpanID{5}, Parent: trace.SpanID{2}, Name: "pod start", Error: "OOMKilled",
			Start: start, End: start.Add(time.Millisecond), Links: []trace.SpanContext{link},
		},
	})
	var got collectorpb.ExportTraceServiceRequest
	if err := proto.Unmarshal(append(encoded[0], encoded[1]...), &got); err != nil {
		t.Fatal(err)
	}
	nano := uint64(start.UnixNano())
	want := []*tracepb.ResourceSpans{
		resourceSpans(&tracepb.Span{
			TraceId: id(16, 1), SpanId: id(8, 2), Name: "rollout web", Kind: tracepb.Span_SPAN_KIND_SERVER,
			StartTimeUnixNano: nano, EndTimeUnixNano: nano + 1e9, Flags: 1,
			Attributes: []*commonpb.KeyValue{
				{Key: "n", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: 3}}},
			},
		}, text("deployment.environment.name", "prod"), text("service.name", "kubernetes-rollouts")),
		resourceSpans(&tracepb.Span{
			TraceId: id(16, 1), SpanId: id(8, 5), ParentSpanId: id(8, 2), Name: "pod start",
			Kind: tracepb.Span_SPAN_KIND_INTERNAL, StartTimeUnixNano: nano, EndTimeUnixNano: nano + 1e6, Flags: 1,
			Attributes: []*commonpb.KeyValue{text("error.type", "OOMKilled")},
			Links:      []*tracepb.Span_Link{{TraceId: id(16, 3), SpanId: id(8, 4), Flags: 1}},
			Status:     &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR},
		}, text("deployment.environment.name", "prod")),
	}
	if diff := cmp.Diff(want, got.GetResourceSpans(), protocmp.Transform()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func resourceSpans(s *tracepb.Span, attributes ...*commonpb.KeyValue) *tracepb.ResourceSpans {
	return &tracepb.ResourceSpans{
		Resource: &resourcepb.Resource{Attributes: attributes},
		ScopeSpans: []*tracepb.ScopeSpans{{
			Scope: &commonpb.InstrumentationScope{Name: emit.ScopeName, Version: "1.2"},
			Spans: []*tracepb.Span{s}, SchemaUrl: semconv.SchemaURL,
		}},
	}
}

func text(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{
		Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}},
	}
}

// id returns an id of so many bytes that begins with first.
func id(size int, first byte) []byte {
	b := make([]byte, size)
	b[0] = first
	return b
}
