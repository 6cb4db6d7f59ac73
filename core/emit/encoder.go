package emit

import (
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Field numbers of opentelemetry.proto.{collector.logs,logs,resource,common}.v1.
const (
	requestResourceLogs = 1

	resourceLogsResource  = 1
	resourceLogsScopeLogs = 2
	resourceLogsSchemaURL = 3

	resourceAttributes = 1

	scopeLogsScope      = 1
	scopeLogsLogRecords = 2
	scopeLogsSchemaURL  = 3

	scopeName       = 1
	scopeVersion    = 2
	scopeAttributes = 3

	logTime              = 1
	logSeverityNumber    = 2
	logSeverityText      = 3
	logBody              = 5
	logAttributes        = 6
	logDroppedAttributes = 7
	logFlags             = 8
	logTraceID           = 9
	logSpanID            = 10
	logObservedTime      = 11
	logEventName         = 12
)

// encoder encodes log records for OTLP.
type encoder struct {
	// The last resource seen, and its encoded attributes. A provider has only one,
	// and reading it takes an allocation per attribute.
	resource *resource.Resource
	shared   []byte
}

// encode appends r as the only record of a ResourceLogs field of an
// ExportLogsServiceRequest.
//
// The OTLP resource has the attributes of the provider's, and those of the record that
// describe the pod: the SDK has one resource for the process, OTLP needs one per pod.
func (e *encoder) encode(b []byte, r Record) []byte {
	res := r.Resource()
	b, request := begin(b, requestResourceLogs)
	b = e.encodeResource(b, res, r.Attributes)
	b = encodeScopeLogs(b, r)
	b = appendString(b, resourceLogsSchemaURL, res.SchemaURL())
	return end(b, request)
}

// ofPod reports whether an attribute of a resource describes a pod. In the provider's
// resource that is the pod of this program.
func ofPod(kv attribute.KeyValue) bool {
	f := record.ByAttribute(string(kv.Key))
	return f != nil && f.Place == record.Resource
}

func (e *encoder) encodeResource(b []byte, res *resource.Resource, all []Attribute) []byte {
	if e.resource != res {
		e.resource = res
		e.shared = appendKeyValues(nil, resourceAttributes, slices.DeleteFunc(res.Attributes(), ofPod))
	}
	b, start := begin(b, resourceLogsResource)
	b = append(b, e.shared...)
	for i := range all {
		if all[i].OfPod() {
			b = appendAttribute(b, resourceAttributes, &all[i].KeyValue)
		}
	}
	if len(b) == start {
		return b[:start-emptyMessage]
	}
	return end(b, start)
}

func encodeScopeLogs(b []byte, r Record) []byte {
	scope := r.InstrumentationScope()
	b, start := begin(b, resourceLogsScopeLogs)
	if scope.Name != "" || scope.Version != "" || scope.SchemaURL != "" || scope.Attributes.Len() > 0 {
		var inner int
		b, inner = begin(b, scopeLogsScope)
		b = appendString(b, scopeName, scope.Name)
		b = appendString(b, scopeVersion, scope.Version)
		b = appendKeyValues(b, scopeAttributes, scope.Attributes.ToSlice())
		b = end(b, inner)
	}
	b = encodeLogRecord(b, r)
	b = appendString(b, scopeLogsSchemaURL, scope.SchemaURL)
	return end(b, start)
}

func encodeLogRecord(b []byte, r Record) []byte {
	b, start := begin(b, scopeLogsLogRecords)
	b = appendFixed64(b, logTime, unixNano(r.Timestamp()))
	if n := r.Severity(); n >= 1 && n <= 24 { // the numbers of OTLP
		b = appendVarint(b, logSeverityNumber, uint64(n))
	}
	b = appendString(b, logSeverityText, r.SeverityText())
	b = appendValue(b, logBody, r.Body())
	for i := range r.Attributes {
		if !r.Attributes[i].OfPod() {
			b = appendAttribute(b, logAttributes, &r.Attributes[i].KeyValue)
		}
	}
	b = appendVarint(b, logDroppedAttributes, uint64(min(max(r.DroppedAttributes(), 0), math.MaxUint32)))
	if flags := r.TraceFlags(); flags != 0 {
		b = protowire.AppendTag(b, logFlags, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, uint32(flags))
	}
	if id := r.TraceID(); id.IsValid() {
		b = appendBytes(b, logTraceID, id[:])
	}
	if id := r.SpanID(); id.IsValid() {
		b = appendBytes(b, logSpanID, id[:])
	}
	b = appendFixed64(b, logObservedTime, unixNano(r.ObservedTimestamp()))
	b = appendString(b, logEventName, r.EventName())
	return end(b, start)
}

// unixNano returns 0, OTLP's "unknown", for the zero time and all others before 1970.
func unixNano(t time.Time) uint64 {
	return uint64(max(t.UnixNano(), 0))
}
