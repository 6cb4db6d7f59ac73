package enricher

import (
	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Patch is what a plugin adds to one record. An empty one adds nothing.
//
// Keys are given without the plugin's name: SetString("team", "x") of the plugin
// hello gives the attribute hello.team. They are made of a-z, 0-9, ".", "_", "-" and
// "/". A patch has at most 64 attributes, each with a key of its own and of at most
// 4 KiB; one that breaks a rule is lost as a whole. What is no UTF-8 is replaced:
// gRPC would send nothing of the whole batch.
type Patch struct {
	prefix string            // the plugin's name and a dot
	keys   map[string]string // with the prefix, by those without; shared by a batch
	patch  *enrichv1.Patch
}

// SetString adds an attribute that is a text.
func (p *Patch) SetString(key, value string) {
	a := &struct { // allocated at once
		attribute enrichv1.Attribute
		value     enrichv1.Attribute_StringValue
	}{}
	a.value.StringValue = record.Valid(value)
	a.attribute.Value = &a.value
	p.add(key, &a.attribute)
}

// SetBool adds an attribute that is true or false.
func (p *Patch) SetBool(key string, value bool) {
	p.add(key, &enrichv1.Attribute{Value: &enrichv1.Attribute_BoolValue{BoolValue: value}})
}

// SetInt adds an attribute that is a whole number.
func (p *Patch) SetInt(key string, value int64) {
	p.add(key, &enrichv1.Attribute{Value: &enrichv1.Attribute_IntValue{IntValue: value}})
}

// SetFloat adds an attribute that is a number, and finite.
func (p *Patch) SetFloat(key string, value float64) {
	p.add(key, &enrichv1.Attribute{Value: &enrichv1.Attribute_DoubleValue{DoubleValue: value}})
}

// usualAttributes is room for most patches.
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

// SetTraceContext puts the record into a trace: a W3C traceparent such as
// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, and a tracestate,
// which may be empty. The first plugin that gives one wins.
func (p *Patch) SetTraceContext(traceparent, tracestate string) {
	p.patch.Traceparent, p.patch.Tracestate = record.Valid(traceparent), record.Valid(tracestate)
}

// Suppress keeps the record from being emitted. The operator has to allow that
// with allowSuppress; the patch breaks a rule else.
func (p *Patch) Suppress() { p.patch.Suppress = true }
