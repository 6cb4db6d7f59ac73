//go:build e2e

package e2e

import "time"

// shortForm is the least time after which all faults must have happened.
const shortForm = 3 * time.Minute

// checkFaults adds to the table what was done, and fails where that is too little:
// a run in which little went wrong proves little.
func (s *stage) checkFaults(v *report) []row {
	onward, gone := s.victim.resumed()
	forced := map[string]int{}
	for _, f := range s.spans {
		if count(v.all, func(g gap) bool { return g.from <= f.last && g.listed >= f.first }) > 0 {
			forced[f.fault]++
		}
	}
	s.atLeast("logger killed", s.counts["logger killed"], int(*duration/(6*time.Second)))
	if *duration >= shortForm {
		for _, fault := range []string{
			"collector killed", "network refuses", "network stalls", "answers lost", "answer cut short", "connections reset",
			"disk full", "plugin stopped", "plugin killed", "logger stopped", apiServerKilled, etcdKilled, compacted,
		} {
			s.atLeast(fault, s.counts[fault], 1)
		}
		s.atLeast("runs that went on without a gap", onward, 10)
		s.atLeast(forcedByRestart, forced[forcedByRestart], 1)
		s.atLeast(forcedByCompaction, forced[forcedByCompaction], 1)
		s.atLeast("requests sent again, as their answers were lost", v.collectorAgain, 1)
		s.atLeast("changes", v.changes, 1000)
	}
	return append([]row{
		{"runs that went on without a gap", onward},
		{"runs that found the history gone", gone},
		{"gaps that were forced by the API server's restart", forced[forcedByRestart]},
		{"gaps that were forced by compaction", forced[forcedByCompaction]},
		{"bytes of answers that were lost", s.network.lost},
	}, s.rows()...)
}

func (s *stage) atLeast(what string, n, want int) {
	s.t.Helper()
	if n < want {
		s.t.Errorf("%s: %d, want %d at least; the run shows too little", what, n, want)
	}
}
