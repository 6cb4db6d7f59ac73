// Package enrichv1 is the contract between pod-status-logger and its plugins: the service
// EnricherService, generated from enrich.proto, which documents every field, with its handshake
// and limits. Plugins in Go use package enricher instead.
package enrichv1

import "go.opentelemetry.io/otel/attribute"

// Values of go-plugin's handshake, the same on both sides. Never change ProtocolVersion: a
// second version is a package of its own.
const (
	ProtocolVersion  = 1
	MagicCookieKey   = "POD_STATUS_LOGGER_PLUGIN"
	MagicCookieValue = "podstatus.enrich"
)

// MaxMessageBytes is the size of a message in either direction.
const MaxMessageBytes = 4 << 20

// KeyValues returns the attributes of a patch. One without a value has the type
// [attribute.EMPTY].
func (p *Patch) KeyValues() []attribute.KeyValue {
	if len(p.GetAttributes()) == 0 {
		return nil
	}
	kvs := make([]attribute.KeyValue, len(p.Attributes))
	for i, a := range p.Attributes {
		kvs[i].Key = attribute.Key(a.GetKey())
		switch v := a.GetValue().(type) {
		case *Attribute_StringValue:
			kvs[i].Value = attribute.StringValue(v.StringValue)
		case *Attribute_BoolValue:
			kvs[i].Value = attribute.BoolValue(v.BoolValue)
		case *Attribute_IntValue:
			kvs[i].Value = attribute.Int64Value(v.IntValue)
		case *Attribute_DoubleValue:
			kvs[i].Value = attribute.Float64Value(v.DoubleValue)
		}
	}
	return kvs
}
