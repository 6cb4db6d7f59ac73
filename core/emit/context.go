package emit

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// carried is the part of a record that its context carries to the processors, past
// slog, the bridge and the SDK. DESIGN.md has the reason.
type carried struct {
	event      string // the name of the event, which the bridge can't set
	attributes []Attribute
}

// carriedKey is the key of [carried] in a context.
type carriedKey struct{}

func contextWith(ctx context.Context, c carried) context.Context {
	return context.WithValue(ctx, carriedKey{}, c)
}

func carriedBy(ctx context.Context) carried {
	c, _ := ctx.Value(carriedKey{}).(carried)
	return c
}

// processor is a processor of one function, which gets each record and the part of
// it that its context carries.
type processor func(*sdklog.Record, carried)

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
func setEventName(r *sdklog.Record, c carried) { r.SetEventName(c.event) }

// addAttributes adds the attributes to the record itself, for processors that don't
// look into the context.
func addAttributes(r *sdklog.Record, c carried) {
	for i := range c.attributes {
		r.AddAttributes(c.attributes[i].KeyValue)
	}
}
