package emit

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/span"
)

// Field numbers of opentelemetry.proto.{collector.trace,trace}.v1; those of resources and scopes are as for logs.
const (
	requestResourceSpans = 1
	scopeSpansSpans      = 2

	spanTraceID    = 1
	spanID         = 2
	spanParent     = 4
	spanName       = 5
	spanKind       = 6
	spanStart      = 7
	spanEnd        = 8
	spanAttributes = 9
	spanLinks      = 13
	spanStatus     = 15
	spanFlags      = 16

	linkTraceID = 1
	linkSpanID  = 2
	linkFlags   = 6

	statusCode = 3

	kindInternal = 1
	kindServer   = 2
	codeError    = 2
	sampled      = 1
)

// SpanEncoder encodes spans for OTLP. It is for one goroutine.
type SpanEncoder struct {
	version  string
	resource *resource.Resource
	shared   encoder
	field    *record.Field // any of a resource
}

// NewSpanEncoder returns an encoder for spans of this version of the program. shared are the attributes of all
// resources; it may be nil.
func NewSpanEncoder(version string, shared *resource.Resource) *SpanEncoder {
	if shared == nil {
		shared = resource.Empty()
	}
	return &SpanEncoder{version: version, resource: shared, field: record.ByAttribute(record.AttrPodName)}
}

// Encode returns each span as an ExportTraceServiceRequest of its own. Joined, they are one.
func (e *SpanEncoder) Encode(spans []span.Span) [][]byte {
	encoded := make([][]byte, len(spans))
	for i := range spans {
		encoded[i] = e.encode(&spans[i])
	}
	return encoded
}

func (e *SpanEncoder) encode(s *span.Span) []byte {
	b, request := begin(nil, requestResourceSpans)
	of := make([]Attribute, len(s.Resource))
	for i := range s.Resource {
		of[i] = Attribute{KeyValue: s.Resource[i], Field: e.field}
	}
	b = e.shared.encodeResource(b, e.resource, of)
	b, scope := begin(b, resourceLogsScopeLogs)
	b, inner := begin(b, scopeLogsScope)
	b = appendString(b, scopeName, ScopeName)
	b = appendString(b, scopeVersion, e.version)
	b = end(b, inner)
	b = encodeSpan(b, s)
	b = appendString(b, scopeLogsSchemaURL, semconv.SchemaURL)
	b = end(b, scope)
	b = appendString(b, resourceLogsSchemaURL, e.resource.SchemaURL())
	return end(b, request)
}

func encodeSpan(b []byte, s *span.Span) []byte {
	b, start := begin(b, scopeSpansSpans)
	b = appendBytes(b, spanTraceID, s.Trace[:])
	b = appendBytes(b, spanID, s.ID[:])
	if s.Parent.IsValid() {
		b = appendBytes(b, spanParent, s.Parent[:])
	}
	b = appendString(b, spanName, s.Name)
	kind := uint64(kindInternal)
	if s.Server {
		kind = kindServer
	}
	b = appendVarint(b, spanKind, kind)
	b = appendFixed64(b, spanStart, unixNano(s.Start))
	b = appendFixed64(b, spanEnd, unixNano(s.End))
	b = appendKeyValues(b, spanAttributes, s.Attributes)
	if s.Error != "" {
		failed := attribute.String(string(semconv.ErrorTypeKey), s.Error)
		b = appendKeyValue(b, spanAttributes, &failed)
	}
	for _, link := range s.Links {
		t, id := link.TraceID(), link.SpanID()
		var inner int
		b, inner = begin(b, spanLinks)
		b = appendBytes(b, linkTraceID, t[:])
		b = appendBytes(b, linkSpanID, id[:])
		b = appendFlags(b, linkFlags)
		b = end(b, inner)
	}
	if s.Error != "" {
		var inner int
		b, inner = begin(b, spanStatus)
		b = appendVarint(b, statusCode, codeError)
		b = end(b, inner)
	}
	return end(appendFlags(b, spanFlags), start)
}

func appendFlags(b []byte, field protowire.Number) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), sampled)
}
