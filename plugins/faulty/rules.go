package faulty

import (
	"maps"
	"time"
)

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

		"fails-for-each-record": "answers",
	}
	for _, some := range []map[string]fault{
		setupFaults(), healthFaults(), patchFaults(), recordFaults(), batchFaults(),
	} {
		for behaviour, f := range some {
			rules[behaviour] = f.rule
		}
	}
	return rules
}

// Patience returns the deadline of a batch with which a busy machine, too, finds only the one
// broken rule of a behaviour: a long one, unless the plugin is late or never answers.
func Patience(behaviour string) time.Duration {
	switch behaviour {
	case "late":
		return lateBy / 4
	case "hangs", "stuck-after-cancel":
		return time.Second
	}
	return 10 * time.Second
}

// fault is how a service fails, and the rule that it breaks by that; empty: several.
type fault struct {
	rule  string
	apply func(s *service)
}

// services are plugins without package enricher.
func services() map[string]fault {
	all := map[string]fault{"fails": {apply: failing}, "bloated": {apply: bloated}}
	for _, some := range []map[string]fault{
		setupFaults(), healthFaults(), patchFaults(), recordFaults(), batchFaults(),
	} {
		maps.Copy(all, some)
	}
	return all
}
