package emit

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// carried is a context with the part of a record that goes to the processors past
// slog, the bridge and the SDK. DESIGN.md has the reason. It is a context of its own
// because [context.WithValue] would take another allocation for each record.
type carried struct {
	context.Context //nolint:containedctx // it is a context

	event      string // the name of the event, which the bridge can't set
	attributes []Attribute
}

// carriedKey is the key under which a [carried] has itself.
type carriedKey struct{}

// Value returns c for carriedKey, and the values of the context within for others.
func (c *carried) Value(key any) any {
	if key == (carriedKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// carriedBy returns what ctx carries: nothing if it comes from elsewhere.
func carriedBy(ctx context.Context) *carried {
	if c, ok := ctx.Value(carriedKey{}).(*carried); ok {
		return c
	}
	return &carried{}
}

// processor is a processor of one function, which gets each record and the part of
// it that its context carries.
type processor func(*sdklog.Record, *carried)

var _ sdklog.Processor = processor(nil)

// Enabled always returns true.
func (processor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

// OnEmit calls the function.
func (p processor) OnEmit(ctx context.Context, r *sdklog.Record) error {
	p(r, carriedBy(ctx))
	return nil
}

// Shutdown does nothing.
func (processor) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (processor) ForceFlush(context.Context) error { return nil }

// setEventName completes the record. It has to be the first processor.
func setEventName(r *sdklog.Record, c *carried) { r.SetEventName(c.event) }

// addAttributes adds the attributes to the record itself, for processors that don't
// look into the context.
func addAttributes(r *sdklog.Record, c *carried) {
	for i := range c.attributes {
		r.AddAttributes(c.attributes[i].KeyValue)
	}
}
