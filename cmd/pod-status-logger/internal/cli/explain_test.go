package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/explain"
)

// TestExplainSituations compares the first sentence about each pod of all recordings: it names the cause.
func TestExplainSituations(t *testing.T) {
	utc(t)
	var b strings.Builder
	for _, folder := range []string{"situations", "node"} {
		recordings, err := filepath.Glob(root + "core/status/testdata/" + folder + "/*.jsonl")
		if err != nil || len(recordings) < 10 {
			t.Fatalf("%d recordings in %s: %v", len(recordings), folder, err)
		}
		for _, path := range recordings {
			b.WriteString(folder + "/" + strings.TrimSuffix(filepath.Base(path), ".jsonl") + "\n")
			stdout, stderr, status := run(t, strings.NewReader(replayed(t, path)), nil, "explain", "*", "-")
			if status != ExitOK {
				t.Fatalf("%s: %s", path, stderr)
			}
			for story := range strings.SplitSeq(stdout, "\n\n") {
				first, _, _ := strings.Cut(strings.ReplaceAll(story, "\n", " "), " It ")
				b.WriteString("  " + strings.TrimSpace(first) + "\n")
			}
		}
	}
	golden(t, "explained", b.String())
}

// TestExplain compares the whole text about a pod.
func TestExplain(t *testing.T) {
	utc(t)
	stdout, stderr, status := run(t, nil, map[string]string{"LANG": "C"}, "explain", "checkout-*", recordedDemo)
	if status != ExitOK {
		t.Fatal(stderr)
	}
	golden(t, "explained-checkout", stdout)
	if _, stderr, status := run(t, nil, nil, "explain", "nobody", recordedDemo); status != ExitFailed ||
		!strings.Contains(stderr, "there is no record of a pod nobody") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	if _, stderr, status := run(t, nil, nil, "explain"); status != ExitUsage ||
		!strings.Contains(stderr, "explain needs the name of a pod") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}

// TestCausesTable: docs/timeline.md has the table of causes.
func TestCausesTable(t *testing.T) {
	var rows [][]string
	for _, c := range explain.Causes() {
		says := strings.NewReplacer("{", "*", "}", "*").Replace(c.Says)
		rows = append(rows, []string{c.Rule, says, c.Help + " [More](" + c.Link() + ")"})
	}
	generated(t, "docs/timeline.md", "causes", table("| records | the pod or container ... | what helps |", rows))
}
