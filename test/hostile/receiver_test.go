package hostile

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// receiver takes OTLP over HTTP. It keeps the records of the good tenant, and counts those of the hostile one.
type receiver struct {
	*httptest.Server

	mu      sync.Mutex
	good    []arrival
	hostile map[string]int // by record id
	bytes   int
	largest int // bytes of a hostile record
}

// arrival is a record of the good tenant.
type arrival struct {
	pod, action string
	complete    bool // with bundle and trace
	at          time.Time
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{hostile: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.export))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) export(w http.ResponseWriter, q *http.Request) {
	at := time.Now()
	body := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(q.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzip
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return
	}
	var request collectorpb.ExportLogsServiceRequest
	if err := proto.Unmarshal(b, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += len(b)
	for _, logs := range request.ResourceLogs {
		r.take(logs, at)
	}
}

func (r *receiver) take(logs *logspb.ResourceLogs, at time.Time) {
	own := logs.ScopeLogs[0].LogRecords[0]
	if value(logs.Resource.Attributes, record.AttrNamespace) == hostile {
		r.hostile[value(own.Attributes, record.AttrID)]++
		r.largest = max(r.largest, proto.Size(logs))
		return
	}
	r.good = append(r.good, arrival{
		pod:      value(logs.Resource.Attributes, record.AttrPodName),
		action:   value(own.Attributes, record.AttrAction),
		complete: value(own.Attributes, "bundle.id") != "" && len(own.TraceId) > 0,
		at:       at,
	})
}

func value(attributes []*commonpb.KeyValue, key string) string {
	for _, kv := range attributes {
		if kv.Key == key {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

// counts returns the number of records of both tenants, without duplicates of the hostile one.
func (r *receiver) counts() (good, hostile int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.good), len(r.hostile)
}
