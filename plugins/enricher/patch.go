package enricher

import (
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Patch adds to one record. An empty patch adds nothing.
//
// Keys are without the plugin's name: SetString("team", "x") of the plugin hello adds the
// attribute hello.team. They consist of a-z, 0-9, ".", "_", "-" and "/". A patch has at most 64
// attributes with distinct keys. A patch that breaks a rule is dropped as a whole. Texts are cut
// at 4 KiB, between two characters. Invalid UTF-8 is replaced, because gRPC would reject the
// whole batch.
type Patch struct {
	prefix string            // the plugin's name and a dot
	keys   map[string]string // full keys by keys without prefix; shared by a batch
	patch  *enrichv1.Patch
}

// SetString adds a string attribute. The host accepts 4 KiB; the rest of value is cut off.
func (p *Patch) SetString(key, value string) {
	a := &struct { // allocated at once
		attribute enrichv1.Attribute
		value     enrichv1.Attribute_StringValue
	}{}
	a.value.StringValue = cut(record.Valid(value))
	a.attribute.Value = &a.value
	p.add(key, &a.attribute)
}

// cut returns the characters of s that fit into an attribute.
func cut(s string) string {
	n := record.MaxAttributeValue
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// SetBool adds a boolean attribute.
func (p *Patch) SetBool(key string, value bool) {
	p.add(key, &enrichv1.Attribute{Value: &enrichv1.Attribute_BoolValue{BoolValue: value}})
}

// SetInt adds an integer attribute.
func (p *Patch) SetInt(key string, value int64) {
	p.add(key, &enrichv1.Attribute{Value: &enrichv1.Attribute_IntValue{IntValue: value}})
}

// SetFloat adds a floating-point attribute, which must be finite.
func (p *Patch) SetFloat(key string, value float64) {
	p.add(key, &enrichv1.Attribute{Value: &enrichv1.Attribute_DoubleValue{DoubleValue: value}})
}

// usualAttributes is a capacity that suffices for most patches.
const usualAttributes = 8

func (p *Patch) add(key string, a *enrichv1.Attribute) {
	full, ok := p.keys[key]
	if !ok {
		full = p.prefix + record.Valid(key)
		p.keys[key] = full
	}
	a.Key = full
	if p.patch.Attributes == nil {
		p.patch.Attributes = make([]*enrichv1.Attribute, 0, usualAttributes)
	}
	p.patch.Attributes = append(p.patch.Attributes, a)
}

// SetTraceContext sets the record's trace context: a W3C traceparent such as
// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, and a tracestate, which may be
// empty. The first plugin with one wins.
func (p *Patch) SetTraceContext(traceparent, tracestate string) {
	p.patch.Traceparent, p.patch.Tracestate = record.Valid(traceparent), record.Valid(tracestate)
}

// Suppress prevents the emission of the record. It breaks a rule unless the operator allows it
// with allowSuppress.
func (p *Patch) Suppress() { p.patch.Suppress = true }
