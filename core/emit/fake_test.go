package emit_test

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
)

// keepLast is a processor that keeps the last record.
type keepLast struct {
	*emit.Processor
	last *sdklog.Record
}

func (k keepLast) OnEmit(_ context.Context, r *sdklog.Record) error {
	*k.last = r.Clone()
	return nil
}
