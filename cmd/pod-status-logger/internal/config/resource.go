package config

import (
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// envResource is the standard variable with attributes for all records.
const envResource = "OTEL_RESOURCE_ATTRIBUTES"

// SharedResource returns the attributes of OTEL_RESOURCE_ATTRIBUTES. The SDK parses
// that variable too, but logs errors only at debug level.
func SharedResource(lookup Lookup) (*resource.Resource, error) {
	value, _ := lookup(envResource)
	var attrs []attribute.KeyValue
	for pair := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, encoded, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		decoded, err := url.PathUnescape(strings.TrimSpace(encoded))
		if !ok || key == "" || err != nil {
			return nil, fmt.Errorf("%s: %q is not key=value with the value percent-encoded", envResource, pair)
		}
		attrs = append(attrs, attribute.String(key, decoded))
	}
	return resource.NewSchemaless(attrs...), nil
}

// ClusterOf returns the name of the cluster in the resource, or "".
func ClusterOf(r *resource.Resource) string {
	name, _ := r.Set().Value(record.AttrCluster)
	return name.AsString()
}
