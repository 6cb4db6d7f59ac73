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

// addition is what a patch comes to that was held to the rules. A patch that
// breaks one is left out as a whole, since what is left of it would say something
// else; the others of its batch count.
type addition struct {
	attributes []attribute.KeyValue
	span       trace.SpanContext // may be invalid: none
	suppress   bool
	err        error // why something is missing
	broken     bool  // because the patch broke a rule
}

// size returns about how many bytes an addition has in memory.
func (a *addition) size() (size int) {
	const attributeSize = 64
	for _, kv := range a.attributes {
		size += attributeSize + len(kv.Key) + len(kv.Value.String())
	}
	return size
}

// check holds a patch to the rules.
func (m *member) check(p *Patch) addition {
	if err := record.CheckAttributes(m.Plugin.Name(), p.Attributes); err != nil {
		return addition{err: err, broken: true}
	}
	if p.Suppress && !m.AllowSuppress {
		return addition{err: errors.New("may not suppress records; allowSuppress allows it"), broken: true}
	}
	span, err := spanContext(p)
	if err != nil {
		return addition{err: err, broken: true}
	}
	a := addition{attributes: p.Attributes, span: span, suppress: p.Suppress}
	if p.Error != "" { // its own word; the rest counts
		a.err = errors.New(p.Error)
	}
	return a
}

// spanContext reads the trace context of a patch, which may have none.
func spanContext(p *Patch) (trace.SpanContext, error) {
	if p.Traceparent == "" {
		return trace.SpanContext{}, nil
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), carrier{p})
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return sc, fmt.Errorf("traceparent %q is no W3C trace context", cut(p.Traceparent, 80))
	}
	return sc, nil
}

// carrier shows a patch to the propagator.
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

// maxReason bounds what a plugin can put into a record by failing.
const maxReason = 256

// cut returns at most so many bytes of s, whole characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
