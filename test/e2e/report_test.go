package e2e

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// verdict is what the judge found. The figures in the second block must be 0.
type verdict struct {
	changes               int
	stdoutLines, stdout   int // all, and those with different record_ids
	stdoutAgain           int
	torn                  int // lines that ended where the program was killed
	collectorRecords      int
	collector             int
	collectorAgain        int
	gaps, within          int // and the changes in them
	unenriched, mismarked int // records without a plugin's fields; with recovered wrong, also invented

	missing, holes, invented, disorder, duplicates, unexplained int

	all      []gap
	examples map[string][]string
}

// sum is 0 where all is well.
func (v *verdict) sum() int {
	return v.missing + v.holes + v.invented + v.disorder + v.duplicates + v.unexplained
}

// String is the last line of the test's output. What is missing leaves a hole in
// seq if it was numbered, and is one thing that is missing.
func (v *verdict) String() string {
	return fmt.Sprintf("chaos: changes=%d stdout=%d collector=%d missing=%d invented=%d disorder=%d duplicates=%d",
		v.changes, v.stdout, v.collector, max(v.missing, v.holes), v.invented, v.disorder, v.duplicates)
}

// note keeps the first few examples of what is wrong.
func (v *verdict) note(what, format string, args ...any) {
	const enough, long = 4, 4000
	if v.examples == nil {
		v.examples = map[string][]string{}
	}
	if len(v.examples[what]) >= enough {
		return
	}
	example := fmt.Sprintf(format, args...)
	v.examples[what] = append(v.examples[what], example[:min(len(example), long)])
}

func (v *verdict) explain(to io.Writer) {
	for _, what := range slices.Sorted(maps.Keys(v.examples)) {
		for _, example := range v.examples[what] {
			fmt.Fprintf(to, "%s: %s\n", what, example)
		}
	}
}
