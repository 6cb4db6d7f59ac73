package e2e

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// report is the result of [check]. The figures in the second block must be 0.
type report struct {
	changes               int
	stdoutLines, stdout   int // all lines, and distinct record_ids
	stdoutAgain           int
	torn                  int // lines that end where the program was killed
	collectorRecords      int
	collector             int
	collectorAgain        int
	gaps, within          int // gaps, and the changes within them
	unenriched, mismarked int // records without a plugin's fields; with a wrong recovered, which are also invented

	missing, holes, invented, disorder, duplicates, unexplained int

	all      []gap
	examples map[string][]string
}

// sum returns the number of errors.
func (r *report) sum() int {
	return r.missing + r.holes + r.invented + r.disorder + r.duplicates + r.unexplained
}

// String returns the last line of the test's output. A missing record that was numbered
// leaves a hole in seq, and counts once.
func (r *report) String() string {
	return fmt.Sprintf("chaos: changes=%d stdout=%d collector=%d missing=%d invented=%d disorder=%d duplicates=%d",
		r.changes, r.stdout, r.collector, max(r.missing, r.holes), r.invented, r.disorder, r.duplicates)
}

// note keeps the first examples of each kind of error.
func (r *report) note(what, format string, args ...any) {
	const enough, long = 4, 4000
	if r.examples == nil {
		r.examples = map[string][]string{}
	}
	if len(r.examples[what]) >= enough {
		return
	}
	example := fmt.Sprintf(format, args...)
	r.examples[what] = append(r.examples[what], example[:min(len(example), long)])
}

// explain writes the examples.
func (r *report) explain(to io.Writer) {
	for _, what := range slices.Sorted(maps.Keys(r.examples)) {
		for _, example := range r.examples[what] {
			fmt.Fprintf(to, "%s: %s\n", what, example)
		}
	}
}
