//go:build e2e

package e2e

import "time"

// checkFaults returns the number of each fault for the table. It fails the test if there were
// too few of them, as such a run proves little.
func (s *chaosRun) checkFaults(r *report) []row {
	const shortest = 3 * time.Minute // of the runs with faults of all kinds
	withHistory, without := s.logger.resumed()
	forced := map[string]int{}
	for _, f := range s.spans {
		if count(r.all, func(g gap) bool { return g.from <= f.last && g.listed >= f.first }) > 0 {
			forced[f.fault]++
		}
	}
	s.atLeast("logger killed", s.counts["logger killed"], int(*duration/(6*time.Second)))
	if *duration >= shortest {
		for _, fault := range []string{
			"collector killed", "network refuses", "network stalls", "answers lost", "answer cut short", "connections reset",
			"disk full", "plugin stopped", "plugin killed", "logger stopped", apiServerKilled, etcdKilled, compacted,
		} {
			s.atLeast(fault, s.counts[fault], 1)
		}
		s.atLeast("runs that resumed without a gap", withHistory, 10)
		s.atLeast(forcedByRestart, forced[forcedByRestart], 1)
		s.atLeast(forcedByCompaction, forced[forcedByCompaction], 1)
		s.atLeast("requests repeated after lost responses", r.collectorAgain, 1)
		s.atLeast("changes", r.changes, 1000)
	}
	return append([]row{
		{"runs that resumed without a gap", withHistory},
		{"runs that found the history gone", without},
		{"gaps forced by a restart of the API server", forced[forcedByRestart]},
		{"gaps forced by compaction", forced[forcedByCompaction]},
		{"bytes of responses lost", s.network.lostBytes()},
	}, s.rows()...)
}

func (s *chaosRun) atLeast(what string, n, want int) {
	s.t.Helper()
	if n < want {
		s.t.Errorf("%s: %d, want at least %d; the run proves too little", what, n, want)
	}
}
