package enrichertest

import "fmt"

// rules returns all rules in the order in which they are checked: common records before
// uncommon ones, and last those that may end the plugin.
func rules(o Options) []rule {
	rules := []rule{
		{
			name: "handshake", says: "it starts within " + duration(o.StartTimeout),
			check: checkHandshake,
		},
		{
			name: "health", says: "it answers the host's health checks",
			after: "handshake", check: checkHealth,
		},
		{
			name: "describe", says: "it has a name that is allowed and a version",
			after: "handshake", check: checkDescribe,
		},
		{
			name: "helper", says: "the helper library that it is built with is up to date",
			after: "handshake", check: checkHelper,
		},
		{
			name: "configure-bad", says: "a bad configuration is refused with INVALID_ARGUMENT and the key's name",
			after: "handshake", check: checkConfigureBad, apart: true,
		},
		{
			name: "configure-good", says: "its configuration is accepted",
			after: "handshake", check: checkConfigureGood,
		},
		{
			name: "describe-stable", says: "it describes itself in the same way before and after Configure",
			after: "configure-good", check: checkDescribeStable,
		},
		{
			name: "needs-valid", says: "the keys that it needs are valid for labels and annotations, each once",
			after: "configure-good", check: checkNeeds,
		},
	}
	rules = append(rules, batchRules(o)...)
	rules = append(rules, patchRules()...)
	rules = append(rules, recordRules()...)
	return append(rules, lifeRules()...)
}

func batchRules(o Options) []rule {
	return []rule{
		{
			name: "batch-1", says: "a batch of one record gives one patch",
			after: "configure-good", check: checkBatch(1),
		},
		{
			name: "batch-64", says: "a batch of 64 records gives 64 patches",
			after: "batch-1", check: checkBatch(64),
		},
		{
			name: "answers", says: "common records are answered without an error",
			after: "batch-64", check: checkAnswers,
		},
		{
			name: "deadline", after: "batch-64", check: checkDeadline,
			says: fmt.Sprintf("a batch of 64 records is answered within %s, the best of three", duration(o.Timeout)),
		},
		{
			name: "batch-1000", says: "a batch of 1000 records gives 1000 patches",
			after: "deadline", check: checkBatch(1000),
		},
		{
			name: "message-size", says: "the answer to a batch of 1000 records is no larger than 4 MiB",
			after: "batch-1000", check: checkMessageSize,
		},
	}
}

// patchRules are about each patch by itself, and about which patch a record gets.
func patchRules() (rules []rule) {
	for _, p := range patchChecks() {
		rules = append(rules, rule{name: p.name, says: p.says, after: p.after, check: checkCommon(p)})
	}
	return append(rules,
		rule{
			name: "order", says: "a record's patch in a batch is the one that it gets alone",
			after: "answers", check: checkOrder,
		},
		rule{
			name: "pod-only", says: "with pod_only, records of the same pod get the same patch",
			after: "answers", check: checkPodOnly,
		})
}

// recordRules are about uncommon records.
func recordRules() []rule {
	return []rule{
		{
			name: "sparse", says: "records with nothing but a pod's name are answered",
			after: "batch-1", check: checkEach(sparse),
		},
		{
			name: "unicode", says: "multi-byte text and control characters are answered",
			after: "batch-1", check: checkEach(unicodes),
		},
		{
			name: "large-records", after: "batch-1", check: checkEach(large),
			says: "annotations of 4 KiB, messages of 8 KiB and 200 labels are answered within the limits of patches",
		},
		{
			name: "odd-values", says: "annotations and labels with malformed values are answered",
			after: "batch-1", check: checkEach(odd),
		},
		{
			name: "unknown-fields", says: "fields and values of a later version of the contract are ignored",
			after: "batch-1", check: checkEach(unknown),
		},
	}
}

// lifeRules are about concurrent calls, starts and ends.
func lifeRules() []rule {
	return []rule{
		{
			name: "concurrent", says: "two concurrent batches are both answered correctly",
			after: "answers", check: checkConcurrent,
		},
		{
			name: "cancelled-call", says: "the next call after cancelled ones is answered",
			after: "deadline", check: checkCancelled,
		},
		{
			name: "restart", says: "killed and started again, it answers the same",
			after: "batch-64", check: checkRestart,
		},
		{
			name: "shutdown", says: fmt.Sprintf("it ends within %s when asked to", duration(stopLimit)),
			after: "handshake", check: checkShutdown,
		},
	}
}
