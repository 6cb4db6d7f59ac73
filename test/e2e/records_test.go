//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stdoutRecords parses the lines on stdout.
func stdoutRecords(t *testing.T, out string) (all []object) {
	t.Helper()
	for line := range strings.Lines(out) {
		var rec object
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("stdout: %v: %s", err, line)
		}
		all = append(all, rec)
	}
	return all
}

// checkNumbers checks that seq has no holes and that record IDs are distinct.
func checkNumbers(t *testing.T, lines []object) {
	t.Helper()
	ids := map[any]bool{}
	for i, rec := range lines {
		if rec["seq"] != float64(i+1) {
			t.Fatalf("line %d has seq %v", i+1, rec["seq"])
		}
		if ids[rec["record_id"]] {
			t.Errorf("record id %v is a duplicate", rec["record_id"])
		}
		ids[rec["record_id"]] = true
		for _, key := range []string{"time", "msg"} {
			if text(rec, key) == "" {
				t.Errorf("line %d has no %s", i+1, key)
			}
		}
	}
}

// checkRecords compares the records of each pod with those that the oracle expects, in
// order.
func checkRecords(t *testing.T, o *oracle, lines []object) {
	t.Helper()
	got := map[string][]object{}
	for _, rec := range lines {
		rec = without(rec, "time", "msg", "occurred_at", "record_id", "seq")
		uid := text(rec, "pod_uid")
		got[uid] = append(got[uid], rec)
	}
	wrong := 0
	for uid := range union(o.expected, got) {
		diff := cmp.Diff(o.expected[uid], got[uid])
		if diff == "" {
			continue
		}
		if wrong++; wrong <= 5 {
			t.Errorf("records of pod %s (-expected +got):\n%s", uid, diff)
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d pods differ", wrong, len(o.expected))
	}
}
