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

// encoder turns log records into OTLP. It keeps what it needs again, so that
// encoding costs no garbage; it isn't safe for concurrent use.
type encoder struct {
	// The last resource seen, and its attributes, encoded. A provider has one, and
	// reading it costs an allocation per attribute.
	resource *resource.Resource
	shared   []byte
}

// encode appends r as the only record of a ResourceLogs field of an
// ExportLogsServiceRequest.
//
// The OTLP Resource is that of the provider, and those attributes of the record
// that say which pod it is about: the SDK has one resource for the whole process,
// OTLP wants one per pod.
func (e *encoder) encode(b []byte, r Record) []byte {
	res := r.Resource()
	b, request := begin(b, requestResourceLogs)
	b = e.encodeResource(b, res, r.Attributes)
	b = encodeScopeLogs(b, r)
	b = appendString(b, resourceLogsSchemaURL, res.SchemaURL())
	return end(b, request)
}

// ofPod tells the attributes of a resource that say something of a pod. Where the
// provider's resource has them they are about the pod that this program runs in.
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
	if n := r.Severity(); n >= 1 && n <= 24 { // what OTLP has numbers for
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

// unixNano returns 0, which is OTLP's "unknown", for the zero time and for all
// others before 1970.
func unixNano(t time.Time) uint64 {
	return uint64(max(t.UnixNano(), 0))
}
