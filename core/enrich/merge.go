package enrich

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// The rules that patches are held to. A patch that breaks one is left out as a
// whole, since what is left of it would say something else; the others of its
// batch count.

// merge adds the answers to the records, and leaves out those to be suppressed.
func (c *Chain) merge(records []record.Record, batches [][]record.Record, answers [][]answer) []record.Record {
	kept := records[:0]
	next := 0
	for b, batch := range batches {
		for i := range batch {
			r := &records[next]
			next++
			if !c.mergeRecord(r, b, i, answers) {
				kept = append(kept, *r)
			}
		}
	}
	return kept
}

// mergeRecord adds to a record what the plugins answered to record i of batch b,
// and tells whether one of them suppresses it.
func (c *Chain) mergeRecord(r *record.Record, b, i int, answers [][]answer) (suppress bool) {
	for k := range c.members {
		m, a := &c.members[k], &answers[k][b]
		name := m.Plugin.Name()
		err := a.err
		if err == nil {
			err = m.apply(r, &a.patches[i])
		}
		if err != nil {
			c.meter.PluginFailed(name)
			fail(r, name, err)
			continue
		}
		if a.patches[i].Suppress && !suppress {
			c.meter.PluginSuppressed(name)
			suppress = true
		}
	}
	return suppress
}

// apply adds a patch to a record, or tells why not. A patch that reports a
// failure is added all the same.
func (m *Member) apply(r *record.Record, p *Patch) error {
	if err := record.CheckAttributes(m.Plugin.Name(), p.Attributes); err != nil {
		return err
	}
	if p.Suppress && !m.AllowSuppress {
		return errors.New("may not suppress records; allowSuppress allows it")
	}
	context, err := spanContext(p)
	if err != nil {
		return err
	}
	if !r.SpanContext.IsValid() { // the first one wins
		r.SpanContext = context
	}
	if r.Attributes == nil {
		r.Attributes = p.Attributes
	} else {
		r.Attributes = append(r.Attributes, p.Attributes...)
	}
	if p.Error != "" {
		return errors.New(p.Error)
	}
	return nil
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

// fail notes in a record why something is missing.
func fail(r *record.Record, who string, err error) {
	reason := who + ": " + cut(err.Error(), maxReason)
	if r.Enrichment != "" {
		reason = r.Enrichment + "; " + reason
	}
	r.Enrichment = reason
}

// cut returns at most so many bytes of s, whole characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
