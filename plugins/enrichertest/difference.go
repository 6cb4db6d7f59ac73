package enrichertest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// difference describes the first difference of two patches, "" if they are equal. The
// order of attributes does not matter.
func difference(a, b *enrichv1.Patch) string {
	one, other := flat(a), flat(b)
	all := maps.Clone(one)
	maps.Copy(all, other)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if one[key] != other[key] {
			return fmt.Sprintf("%s is %.100s and %.100s", key, cmp.Or(one[key], "absent"), cmp.Or(other[key], "absent"))
		}
	}
	return ""
}

// flat returns a patch as texts, to compare and to read.
func flat(p *enrichv1.Patch) map[string]string {
	m := map[string]string{}
	for _, kv := range p.KeyValues() {
		m[string(kv.Key)] = fmt.Sprintf("%#v", kv.Value.AsInterface())
	}
	for key, value := range map[string]string{
		"traceparent": p.GetTraceparent(), "tracestate": p.GetTracestate(), "error": p.GetError(),
	} {
		if value != "" {
			m[key] = fmt.Sprintf("%q", value)
		}
	}
	if p.GetSuppress() {
		m["suppress"] = "true"
	}
	return m
}
