//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table writes the figures, those of the run behind the judge's.
func (v *verdict) table(to io.Writer, run []row) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, r := range append([]row{
		{"changes by the witness", v.changes},
		{"  of them in gaps", v.within},
		{"lines on stdout", v.stdoutLines},
		{"  duplicates before dropping equal record_ids", v.stdoutAgain},
		{"  records", v.stdout},
		{"  torn lines", v.torn},
		{"records at the collector", v.collectorRecords},
		{"  duplicates before dropping equal record_ids", v.collectorAgain},
		{"  records", v.collector},
		{"missing", v.missing},
		{"holes in seq", v.holes},
		{"invented", v.invented},
		{"  marked as recovered and were not, or the reverse", v.mismarked},
		{"out of order per pod, or in seq", v.disorder},
		{"duplicates after dropping equal record_ids", v.duplicates},
		{"records without the fields of a failed plugin", v.unenriched},
		{"gaps", v.gaps},
		{"  without a fault that explains them", v.unexplained},
	}, run...) {
		fmt.Fprintf(w, "%s\t%d\n", r.name, r.n)
	}
	_ = w.Flush()
}

// row is a line of the table.
type row struct {
	name string
	n    int
}
