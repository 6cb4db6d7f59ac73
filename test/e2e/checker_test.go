package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// observed is all that a test has observed of many runs of the program. A record may be
// there more than once with the same record_id. Apart from that, each must be there once,
// in order, on stdout and at the Collector.
type observed struct {
	changes   []change
	stdout    []byte
	ends      []int64 // lengths of stdout when a run was killed; a line may be torn there
	logs      string
	collector []object // in the order of arrival
	bundleOf  func(pod object) object
	faults    []span
}

// check compares the observed records with those of the oracle. Input that can't be parsed
// fails the test.
func check(t *testing.T, e observed) *report {
	t.Helper()
	r := &report{changes: len(e.changes)}
	lines := r.readStdout(e.stdout, e.ends)
	r.stdout = len(lines)
	r.checkNumbers("stdout", lines)

	gaps := gapsOf(t, e.logs, e.changes, lines)
	r.gaps, r.all = len(gaps), gaps
	for _, g := range gaps {
		r.within += count(e.changes, func(c change) bool { return g.has(c.revision) })
	}
	for _, g := range unexplained(gaps, e.faults) {
		r.unexplained++
		r.note("a gap without a fault", "revisions %d to %d, at %s", g.from, g.listed, g.at)
	}

	o := expect(e.changes, gaps, lines)
	fields := map[string]object{}
	for _, c := range e.changes {
		if uid := text(c.Pod, "metadata", "uid"); fields[uid] == nil {
			fields[uid] = fieldsOf(c.Pod, e.bundleOf(c.Pod))
		}
	}
	o.addBundles(e.changes, func(pod object) object { return fields[text(pod, "metadata", "uid")] })
	r.checkPods(o.expected, r.byPod(lines, fields))
	r.checkCollector(lines, e.collector)
	return r
}

// readStdout returns the records, each once. Lines with the same record_id must be equal.
func (r *report) readStdout(stdout []byte, ends []int64) (records []object) {
	lines, torn := map[string]string{}, []string{}
	var offset int64
	for line := range bytes.Lines(stdout) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		end := offset + int64(len(line))
		offset = end + 1
		var rec object
		if json.Unmarshal(line, &rec) != nil {
			if !slices.Contains(ends, end) {
				r.invented++
				r.note("a line that is no record", "%q", line)
			}
			torn = append(torn, string(line))
			continue
		}
		r.stdoutLines++
		id := text(rec, "record_id")
		if before, ok := lines[id]; ok {
			r.stdoutAgain++
			if before != string(line) {
				r.duplicates++
				r.note("a record_id with two records", "%s\n%s", before, line)
			}
			continue
		}
		lines[id] = string(line)
		records = append(records, rec)
	}
	r.checkTorn(torn, lines)
	return records
}

// checkTorn checks that each torn line is there again as a whole.
func (r *report) checkTorn(torn []string, lines map[string]string) {
	r.torn = len(torn)
	whole := slices.Sorted(maps.Values(lines))
	for _, line := range torn {
		n, _ := slices.BinarySearch(whole, line)
		if n == len(whole) || !strings.HasPrefix(whole[n], line) {
			r.missing++
			r.note("a torn line that is not there as a whole", "%s", line)
		}
	}
}

// checkNumbers checks that seq counts 1, 2, 3 and so on.
func (r *report) checkNumbers(where string, records []object) {
	seen, last := map[float64]bool{}, 0.0
	for _, rec := range records {
		seq, _ := rec["seq"].(float64)
		switch {
		case text(rec, "time") == "" || text(rec, "msg") == "" || text(rec, "record_id") == "" || seq < 1:
			r.invented++
			r.note("a record without time, msg, record_id or seq", "%s: %v", where, rec)
		case seen[seq]:
			r.duplicates++
			r.note("a seq twice", "%s: %v", where, rec)
		case seq < last:
			r.disorder++
			r.note("a seq out of order", "%s: %v after %v", where, seq, last)
		}
		seen[seq] = true
		last = max(last, seq)
	}
	for seq := 1.0; seq <= last; seq++ {
		if !seen[seq] {
			r.holes++
			r.note("a missing seq", "%s: %v", where, seq)
		}
	}
}
