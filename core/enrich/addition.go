package enrich

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// addition is a checked patch. A patch that breaks a rule is discarded as a whole, as the
// rest of it could be misleading. The other patches of its batch are used.
type addition struct {
	attributes []attribute.KeyValue
	span       trace.SpanContext // invalid: none
	suppress   bool
	err        error // why attributes are missing
	broken     bool  // because the patch broke a rule
}

// size returns the approximate size of an addition in memory.
func (a *addition) size() (size int) {
	const attributeSize = 64
	for _, kv := range a.attributes {
		size += attributeSize + len(kv.Key) + len(kv.Value.String())
	}
	return size
}

// check checks a patch against the rules.
func (e *entry) check(p *Patch) addition {
	if err := record.CheckAttributes(e.Plugin.Name(), p.Attributes); err != nil {
		return addition{err: err, broken: true}
	}
	if p.Suppress && !e.AllowSuppress {
		return addition{err: errors.New("may not suppress records; set allowSuppress to allow it"), broken: true}
	}
	span, err := spanContext(p)
	if err != nil {
		return addition{err: err, broken: true}
	}
	a := addition{attributes: p.Attributes, span: span, suppress: p.Suppress}
	if p.Error != "" { // the plugin's own error; the rest of the patch is used
		a.err = errors.New(p.Error)
	}
	return a
}

// spanContext returns the trace context of a patch, an invalid one if it has none.
func spanContext(p *Patch) (trace.SpanContext, error) {
	if p.Traceparent == "" {
		return trace.SpanContext{}, nil
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), carrier{p})
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return sc, fmt.Errorf("traceparent %q is not a W3C trace context", cut(p.Traceparent, 80))
	}
	return sc, nil
}

// carrier adapts a patch to the propagator.
type carrier struct{ *Patch }

var _ propagation.TextMapCarrier = carrier{}

func (c carrier) Get(key string) string {
	switch key {
	case "traceparent":
		return c.Traceparent
	case "tracestate":
		return c.Tracestate
	}
	return ""
}

func (carrier) Set(string, string) {}
func (carrier) Keys() []string     { return nil }

// maxReason is the maximum length of an error in a record.
const maxReason = 256

// cut shortens s to at most that many bytes, at a character boundary.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
