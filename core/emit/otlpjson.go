package emit

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// OTLPJSON returns an encoded record, as [Emitter.Take] returns it, in OTLP's JSON
// encoding, on one line. That differs from protobuf's own in the ids of traces and
// spans, which are hexadecimal.
func OTLPJSON(request []byte) ([]byte, error) {
	var m collectorpb.ExportLogsServiceRequest
	if err := proto.Unmarshal(request, &m); err != nil {
		return nil, fmt.Errorf("decode record: %w", err)
	}
	ids := takeIDs(&m)
	b, err := protojson.Marshal(&m)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	var tree jsonRequest
	if err := json.Unmarshal(b, &tree); err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	for i, resource := range tree.ResourceLogs {
		for j, scope := range resource.ScopeLogs {
			for k, rec := range scope.LogRecords {
				rec.set("traceId", ids[i][j][k].trace)
				rec.set("spanId", ids[i][j][k].span)
			}
		}
	}
	return json.Marshal(tree)
}

// jsonRequest is a request that is decoded only down to its records.
type jsonRequest struct {
	ResourceLogs []struct {
		Resource  json.RawMessage `json:"resource,omitempty"`
		ScopeLogs []struct {
			Scope      json.RawMessage `json:"scope,omitempty"`
			LogRecords []jsonRecord    `json:"logRecords"`
			SchemaURL  string          `json:"schemaUrl,omitempty"`
		} `json:"scopeLogs"`
		SchemaURL string `json:"schemaUrl,omitempty"`
	} `json:"resourceLogs"`
}

type jsonRecord map[string]json.RawMessage

func (r jsonRecord) set(key string, id []byte) {
	if len(id) > 0 {
		r[key] = json.RawMessage(`"` + hex.EncodeToString(id) + `"`)
	}
}

type recordIDs struct{ trace, span []byte }

// takeIDs removes the ids of traces and spans, and returns them by resource,
// scope and record.
func takeIDs(m *collectorpb.ExportLogsServiceRequest) (ids [][][]recordIDs) {
	for _, resource := range m.GetResourceLogs() {
		var scopes [][]recordIDs
		for _, scope := range resource.GetScopeLogs() {
			scopes = append(scopes, takeRecordIDs(scope.GetLogRecords()))
		}
		ids = append(ids, scopes)
	}
	return ids
}

func takeRecordIDs(records []*logspb.LogRecord) (ids []recordIDs) {
	for _, r := range records {
		ids = append(ids, recordIDs{r.GetTraceId(), r.GetSpanId()})
		r.TraceId, r.SpanId = nil, nil
	}
	return ids
}
