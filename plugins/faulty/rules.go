package faulty

import "maps"

// Rules returns behaviours that break exactly one rule of package enrichertest, each
// with the rule.
func Rules() map[string]string {
	rules := map[string]string{
		"exits":           "handshake",
		"babbles":         "handshake",
		"silent":          "handshake",
		"another-version": "handshake",
		"bad-name":        "describe",
		"hangs":           "batch-1",
		"suppresses":      "suppress",
		keepsALock:        "restart",
		"ignores-the-end": "shutdown",
	}
	for _, some := range []map[string]fault{setupFaults(), patchFaults(), recordFaults(), batchFaults()} {
		for behaviour, f := range some {
			rules[behaviour] = f.rule
		}
	}
	return rules
}

// fault is how a service fails, and the rule that it breaks by that; empty: several.
type fault struct {
	rule  string
	apply func(s *service)
}

// services are plugins without package enricher.
func services() map[string]fault {
	all := map[string]fault{"fails": {apply: failing}}
	for _, some := range []map[string]fault{setupFaults(), patchFaults(), recordFaults(), batchFaults()} {
		maps.Copy(all, some)
	}
	return all
}
