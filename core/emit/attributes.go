package emit

import (
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Attribute is an attribute of a record together with its origin: a field of the
// table, a label, or else a plugin.
type Attribute struct {
	attribute.KeyValue
	Field *record.Field // nil: not a field
	Label bool          // Key is that of a label, behind [record.AttrLabelPrefix]
}

// LabelKey returns the key of the pod's label that the attribute is about.
func (a *Attribute) LabelKey() string { return string(a.Key)[len(record.AttrLabelPrefix):] }

// OfPod reports whether the attribute describes the pod and so belongs to the OTLP
// resource.
func (a *Attribute) OfPod() bool { return a.Field != nil && a.Field.Place == record.Resource }

// Record is a log record with its attributes, as the sinks get it. The SDK's record itself has no attributes then.
type Record struct {
	*sdklog.Record

	// Attributes are in the order of the table of fields, then those of plugins,
	// then labels. Keys and strings are valid UTF-8. Don't keep the slice: the
	// emitter uses it for the next record.
	Attributes []Attribute
}
