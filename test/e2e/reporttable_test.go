//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table writes the figures, those of the report before those of the run.
func (r *report) table(to io.Writer, run []row) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, r := range append([]row{
		{"changes in etcd's history", r.changes},
		{"  of them within gaps", r.within},
		{"lines on stdout", r.stdoutLines},
		{"  duplicates before dropping equal record_ids", r.stdoutAgain},
		{"  records", r.stdout},
		{"  torn lines", r.torn},
		{"records at the collector", r.collectorRecords},
		{"  duplicates before dropping equal record_ids", r.collectorAgain},
		{"  records", r.collector},
		{"missing", r.missing},
		{"holes in seq", r.holes},
		{"invented", r.invented},
		{"  with a wrong recovered", r.mismarked},
		{"out of order per pod, or in seq", r.disorder},
		{"duplicates after dropping equal record_ids", r.duplicates},
		{"records without the fields of a failed plugin", r.unenriched},
		{"gaps", r.gaps},
		{"  without a fault that explains them", r.unexplained},
	}, run...) {
		fmt.Fprintf(w, "%s\t%d\n", r.name, r.n)
	}
	_ = w.Flush()
}

// row is one line of the table.
type row struct {
	name string
	n    int
}
