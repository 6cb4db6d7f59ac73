package emit

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Carrier is a context that carries the attributes of one record at a time to the
// processors. It is for one goroutine, and used again and again. Use [NewCarrier].
type Carrier struct {
	context.Context //nolint:containedctx // it is one

	converter
	attributes []Attribute
	name       string // of the event
}

// carrierKey is the key under which a carrier is its own value.
type carrierKey struct{}

// NewCarrier returns a carrier of attributes of records of this cluster.
func NewCarrier(cluster string) *Carrier {
	return &Carrier{Context: context.Background(), converter: converter{cluster: cluster, labelKeys: make(map[string]string)}}
}

// Load makes the carrier the context ctx with the attributes of r. What it had
// before is not valid any more.
func (c *Carrier) Load(ctx context.Context, r *record.Record) {
	c.Context, c.name = ctx, r.Action.EventName()
	c.attributes = c.convert(r)
}

// Clear forgets the record: what it says may be large.
func (c *Carrier) Clear() {
	clear(c.attributes)
	c.Context, c.attributes = context.Background(), nil
}

// Value has the carrier itself besides what is in the context.
func (c *Carrier) Value(key any) any {
	if key == (carrierKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Name is the processor that has to be the first: it gives records the name of
// their event, which the bridge can't.
func (c *Carrier) Name() sdklog.Processor {
	return processor(func(r *sdklog.Record) { r.SetEventName(c.name) })
}

// Unload is the processor that makes the attributes part of the record itself, for
// those behind it that don't know of this package.
func (c *Carrier) Unload() sdklog.Processor {
	return processor(func(r *sdklog.Record) {
		for _, a := range c.attributes {
			r.AddAttributes(a.KeyValue)
		}
	})
}

// processor changes records.
type processor func(*sdklog.Record)

func (processor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

func (p processor) OnEmit(_ context.Context, r *sdklog.Record) error {
	p(r)
	return nil
}

func (processor) Shutdown(context.Context) error   { return nil }
func (processor) ForceFlush(context.Context) error { return nil }
