//go:build e2e

package pipeline

import (
	"encoding/hex"
	"testing"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// entry is a record as a log store receives it.
type entry struct {
	Resource, Attributes, Own map[string]any
}

func (e entry) seq() int64 { seq, _ := e.Attributes[record.AttrSeq].(int64); return seq }

func (e entry) has(key string) bool {
	return e.Resource[key] != nil || e.Attributes[key] != nil || e.Own[key] != nil
}

// stored returns the records of a store by their ids. A duplicate is an error.
func stored(t *testing.T, store *otlptest.Receiver) map[string]entry {
	t.Helper()
	all := make(map[string]entry)
	for _, e := range taken(store) {
		id, _ := e.Attributes[record.AttrID].(string)
		if _, twice := all[id]; twice {
			t.Errorf("the store has record %q twice", id)
		}
		all[id] = e
	}
	return all
}

// taken returns all records that a store has received, in order.
func taken(store *otlptest.Receiver) (all []entry) {
	for _, request := range store.Requests() {
		for _, logs := range request.Logs {
			for _, scope := range logs.GetScopeLogs() {
				for _, r := range scope.GetLogRecords() {
					all = append(all, entryOf(logs.GetResource(), scope.GetScope(), r))
				}
			}
		}
	}
	return all
}

func entryOf(resource *resourcepb.Resource, scope *commonpb.InstrumentationScope, r *logspb.LogRecord) entry {
	return entry{
		Resource:   attributesOf(resource.GetAttributes()),
		Attributes: attributesOf(r.GetAttributes()),
		Own: map[string]any{
			"Timestamp": r.GetTimeUnixNano(), "SeverityNumber": int64(r.GetSeverityNumber()),
			"SeverityText": r.GetSeverityText(),
			"Body":         valueOf(r.GetBody()), "EventName": r.GetEventName(), "ScopeName": scope.GetName(),
			"ScopeVersion": scope.GetVersion(),
			"TraceId":      hex.EncodeToString(r.GetTraceId()),
			"SpanId":       hex.EncodeToString(r.GetSpanId()), "Flags": r.GetFlags(),
		},
	}
}

func attributesOf(all []*commonpb.KeyValue) map[string]any {
	m := make(map[string]any, len(all))
	for _, kv := range all {
		m[kv.GetKey()] = valueOf(kv.GetValue())
	}
	return m
}

// valueOf keeps the types apart: 1, 1.0, "1" and true.
func valueOf(v *commonpb.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_BoolValue:
		return v.BoolValue
	case *commonpb.AnyValue_IntValue:
		return v.IntValue
	case *commonpb.AnyValue_DoubleValue:
		return v.DoubleValue
	}
	return v.String() // nothing that a record may have
}
