package emit

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Attribute is an attribute of a record, and what it is: that of a field, a
// label, or else what a plugin gave.
type Attribute struct {
	attribute.KeyValue
	Field *record.Field // nil: none
	Label bool          // Key is that of a label, behind [record.AttrLabelPrefix]
}

// LabelKey is the key of the pod's label where there is one.
func (a *Attribute) LabelKey() string { return string(a.Key)[len(record.AttrLabelPrefix):] }

// OfPod tells whether it is an attribute of the OTLP resource: something of the pod.
func (a *Attribute) OfPod() bool { return a.Field != nil && a.Field.Place == record.Resource }

// Record is a log record as a processor gets it, with its attributes. Those of
// the log record itself are missing or the same.
type Record struct {
	*sdklog.Record

	// Attributes are in the order of the table of fields, then come those of plugins,
	// then labels. Keys and strings are valid UTF-8. They can be read until the
	// processor returns.
	Attributes []Attribute
}

// Of returns a record, in the context in which a processor got it, with its
// attributes.
func Of(ctx context.Context, r *sdklog.Record) Record {
	if c, ok := ctx.Value(carrierKey{}).(*Carrier); ok {
		return Record{r, c.attributes}
	}
	return Record{r, own(r)}
}

// own returns the attributes that a record has itself. Fields of the resource are
// there once, the last one.
func own(r *sdklog.Record) []Attribute {
	all := make([]Attribute, 0, r.AttributesLen())
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		key := record.Valid(string(kv.Key))
		if kv.Value.Type() == attribute.STRING {
			kv.Value = attribute.StringValue(record.Valid(kv.Value.AsString()))
		}
		kv.Key = attribute.Key(key)
		a := Attribute{KeyValue: kv, Field: record.ByAttribute(key), Label: strings.HasPrefix(key, record.AttrLabelPrefix)}
		if a.OfPod() {
			all = slices.DeleteFunc(all, func(before Attribute) bool { return before.Key == kv.Key })
		}
		all = append(all, a)
		return true
	})
	return all
}
