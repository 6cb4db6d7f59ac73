package emit

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// eventNames is the processor that gives records their event name, which the
// bridge can't: it comes from the action, the first of the attributes.
type eventNames struct{}

var _ sdklog.Processor = eventNames{}

func (eventNames) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

func (eventNames) OnEmit(_ context.Context, r *sdklog.Record) error {
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		if kv.Key != record.AttrAction {
			return true
		}
		for _, a := range [...]record.Action{record.Create, record.Update, record.Delete, record.Drop} {
			if kv.Value.AsString() == a.String() {
				r.SetEventName(a.EventName())
			}
		}
		return false
	})
	return nil
}

func (eventNames) Shutdown(context.Context) error   { return nil }
func (eventNames) ForceFlush(context.Context) error { return nil }
