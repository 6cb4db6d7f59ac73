// Package emittest reads emitted records back in tests, with an in-memory log exporter.
package emittest

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
)

// Exporter keeps the records that it gets. Its methods may be called concurrently.
type Exporter struct {
	mu      sync.Mutex
	records []sdklog.Record
}

var _ sdklog.Exporter = (*Exporter)(nil)

// New returns an emitter with these settings, and an exporter that gets its records
// before the settings' own processors.
func New(s emit.Settings) (*emit.Emitter, *Exporter) {
	x := &Exporter{}
	s.Processors = append([]sdklog.Processor{sdklog.NewSimpleProcessor(x)}, s.Processors...)
	return emit.New(s), x
}

// Export keeps copies of the records.
func (x *Exporter) Export(_ context.Context, records []sdklog.Record) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range records {
		x.records = append(x.records, r.Clone())
	}
	return nil
}

// Shutdown does nothing: the records can still be read.
func (*Exporter) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (*Exporter) ForceFlush(context.Context) error { return nil }

// Records returns the records so far, in the order in which they were emitted.
func (x *Exporter) Records() []sdklog.Record {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]sdklog.Record(nil), x.records...)
}

// Attributes returns the attributes of a record by their keys. Values are
// string, int64, bool or float64.
func Attributes(r *sdklog.Record) map[string]any {
	m := make(map[string]any, r.AttributesLen())
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		m[string(kv.Key)] = kv.Value.AsInterface()
		return true
	})
	return m
}
