package emit

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Own returns a record with the attributes that it has itself, as of a record that no
// Emitter made. Of each field of the resource it has the last value.
func Own(r *sdklog.Record) Record {
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
	return Record{r, all}
}

// Encoder is a processor that encodes records with their own attributes.
type Encoder struct {
	processor
	encoded encoded
}

// OnEmit encodes r.
func (e *Encoder) OnEmit(_ context.Context, r *sdklog.Record) error {
	e.Encode(Own(r))
	return nil
}

// Encode encodes r.
func (e *Encoder) Encode(r Record) { e.encoded.add(r) }

// Take returns the records encoded since the last call.
func (e *Encoder) Take() [][]byte { return e.encoded.take() }
