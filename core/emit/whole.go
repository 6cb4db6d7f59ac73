package emit

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// whole is the first of the processors. It gives what came through the bridge its
// event name, which the bridge can't, and its attributes, which the bridge can, but
// at a price: on the way through slog, bridge and SDK each is copied four times,
// into memory that is made for each record and the last time grows step by step.
// That is two thirds of all the memory that a record takes.
type whole struct {
	convert converter
	record  *record.Record // that is on its way
}

var _ sdklog.Processor = (*whole)(nil)

func (*whole) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

func (w *whole) OnEmit(_ context.Context, r *sdklog.Record) error {
	r.SetEventName(w.record.Action.EventName())
	r.AddAttributes(w.convert.attributes(w.record)...)
	return nil
}

func (*whole) Shutdown(context.Context) error   { return nil }
func (*whole) ForceFlush(context.Context) error { return nil }
