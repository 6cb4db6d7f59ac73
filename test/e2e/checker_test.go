package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The judge holds what was told over many runs of the program against what has
// happened. A record may have been told more than once, under the same
// record_id; but for that, each must be there once, in order, on both sides.

// evidence is what there is to judge.
type evidence struct {
	changes   []change
	stdout    []byte
	ends      []int64 // lengths of stdout when a run was killed: there a line may be torn
	logs      string
	collector []object // in the order of arrival
	bundleOf  func(pod object) object
	faults    []span
}

// judge reads the evidence. What can't be read at all fails the test.
func judge(t *testing.T, e evidence) *verdict {
	t.Helper()
	v := &verdict{changes: len(e.changes)}
	lines := v.readStdout(e.stdout, e.ends)
	v.stdout = len(lines)
	v.checkNumbers("stdout", lines)

	gaps := gapsOf(t, e.logs, e.changes, lines)
	v.gaps, v.all = len(gaps), gaps
	for _, g := range gaps {
		v.within += count(e.changes, func(c change) bool { return g.has(c.revision) })
	}
	for _, g := range unexplained(gaps, e.faults) {
		v.unexplained++
		v.note("a gap without a fault", "revisions %d to %d, at %s", g.from, g.listed, g.at)
	}

	w := expect(e.changes, gaps, lines)
	fields := map[string]object{}
	for _, c := range e.changes {
		if uid := text(c.Pod, "metadata", "uid"); fields[uid] == nil {
			fields[uid] = fieldsOf(c.Pod, e.bundleOf(c.Pod))
		}
	}
	w.belong(e.changes, func(pod object) object { return fields[text(pod, "metadata", "uid")] })
	v.checkPods(w.expected, v.byPod(lines, fields))
	v.checkCollector(lines, e.collector)
	return v
}

// readStdout returns the records, each once. The same record_id again has to be
// the same line again.
func (v *verdict) readStdout(stdout []byte, ends []int64) (records []object) {
	lines, torn := map[string]string{}, []string{}
	var offset int64
	for line := range bytes.Lines(stdout) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		end := offset + int64(len(line))
		offset = end + 1
		var rec object
		if json.Unmarshal(line, &rec) != nil {
			if !slices.Contains(ends, end) {
				v.invented++
				v.note("no record", "%q", line)
			}
			torn = append(torn, string(line))
			continue
		}
		v.stdoutLines++
		id := text(rec, "record_id")
		if before, ok := lines[id]; ok {
			v.stdoutAgain++
			if before != string(line) {
				v.duplicates++
				v.note("a record_id with two records", "%s\n%s", before, line)
			}
			continue
		}
		lines[id] = string(line)
		records = append(records, rec)
	}
	v.checkTorn(torn, lines)
	return records
}

// checkTorn: what was torn is there again, and whole.
func (v *verdict) checkTorn(torn []string, lines map[string]string) {
	v.torn = len(torn)
	whole := slices.Sorted(maps.Values(lines))
	for _, line := range torn {
		n, _ := slices.BinarySearch(whole, line)
		if n == len(whole) || !strings.HasPrefix(whole[n], line) {
			v.missing++
			v.note("a torn line that is not there whole", "%s", line)
		}
	}
}

// checkNumbers: seq goes 1, 2, 3 to the end.
func (v *verdict) checkNumbers(where string, records []object) {
	seen, last := map[float64]bool{}, 0.0
	for _, rec := range records {
		seq, _ := rec["seq"].(float64)
		switch {
		case text(rec, "time") == "" || text(rec, "msg") == "" || text(rec, "record_id") == "" || seq < 1:
			v.invented++
			v.note("a record without time, msg, record_id or seq", "%s: %v", where, rec)
		case seen[seq]:
			v.duplicates++
			v.note("a seq that is there twice", "%s: %v", where, rec)
		case seq < last:
			v.disorder++
			v.note("a seq out of order", "%s: %v after %v", where, seq, last)
		}
		seen[seq] = true
		last = max(last, seq)
	}
	for seq := 1.0; seq <= last; seq++ {
		if !seen[seq] {
			v.holes++
			v.note("a hole in seq", "%s: %v", where, seq)
		}
	}
}

// byPod sorts records by pod, without what the witness doesn't expect. A record
// that says that a plugin failed has nothing of it, and gets it for comparing.
func (v *verdict) byPod(records []object, fields map[string]object) map[string][]object {
	pods := map[string][]object{}
	for _, rec := range records {
		uid := text(rec, "pod_uid")
		rec = without(rec, "time", "msg", "occurred_at", "record_id", "seq")
		if failed := text(rec, "enrichment"); failed != "" {
			v.unenriched++
			if strings.HasPrefix(failed, "owners: ") { // then the plugin says what the pod alone tells
				maps.DeleteFunc(rec, func(key string, _ any) bool { return ofPlugin(key) })
			}
			if !slices.ContainsFunc(slices.Collect(maps.Keys(rec)), ofPlugin) {
				delete(rec, "enrichment")
				maps.Copy(rec, fields[uid])
			}
		}
		pods[uid] = append(pods[uid], rec)
	}
	return pods
}

// ofPlugin tells whether a field is one that the plugin gives.
func ofPlugin(key string) bool {
	return strings.HasPrefix(key, "bundle.") || key == "trace_id" || key == "span_id"
}

// checkPods compares the records of each pod with the expected ones.
func (v *verdict) checkPods(want, got map[string][]object) {
	for _, uid := range slices.Sorted(maps.Keys(union(want, got))) {
		before := v.sum()
		v.checkPod(want[uid], got[uid])
		if v.sum() > before {
			v.note("a pod whose records differ", "%s (-expected +got):\n%s", uid, cmp.Diff(want[uid], got[uid]))
		}
	}
}

// checkPod counts what differs in the records of one pod.
func (v *verdict) checkPod(want, got []object) {
	places := map[string][]int{} // of the expected records that are not found yet
	for i, rec := range want {
		key := canonical(rec)
		places[key] = append(places[key], i)
	}
	left, last, twice := []object{}, -1, map[any]bool{}
	told := map[string]bool{}
	for _, rec := range got {
		key := canonical(rec)
		if len(places[key]) == 0 {
			twice[key] = told[key]
			left = append(left, rec)
			continue
		}
		if places[key][0] < last {
			v.disorder++
		}
		last = max(last, places[key][0])
		places[key] = places[key][1:]
		told[key], told[text(rec, "action")] = true, true
	}
	for _, rec := range left {
		v.extra(rec, places, twice[canonical(rec)] || rec["action"] != "update" && told[text(rec, "action")])
	}
	for _, unfound := range places {
		v.missing += len(unfound)
	}
}

// extra counts a record that is not expected.
func (v *verdict) extra(rec object, places map[string][]int, twice bool) {
	mark := without(rec, "recovered")
	if rec["recovered"] == nil {
		mark["recovered"] = true
	}
	switch key := canonical(mark); {
	case len(places[key]) > 0:
		places[key] = places[key][1:]
		v.mismarked++
		v.invented++
	case twice:
		v.duplicates++
	default:
		v.invented++
	}
}

// checkCollector: the Collector has what stdout has.
func (v *verdict) checkCollector(lines, received []object) {
	told := map[string]object{}
	for _, rec := range lines {
		told[text(rec, "record_id")] = rec
	}
	got := map[string]object{}
	var once []object
	for _, rec := range received {
		v.collectorRecords++
		id := text(rec, "record_id")
		if before, ok := got[id]; ok {
			v.collectorAgain++
			if diff := cmp.Diff(before, rec); diff != "" {
				v.duplicates++
				v.note("a record_id with two records", "collector: %s", diff)
			}
			continue
		}
		got[id] = rec
		once = append(once, rec)
		v.compareSides(told[id], rec)
	}
	v.collector = len(once)
	for id, rec := range told {
		if got[id] == nil {
			v.missing++
			v.note("a record that the collector does not have", "%v", rec)
		}
	}
	v.checkNumbers("collector", once)
}

func (v *verdict) compareSides(line, received object) {
	if line == nil {
		v.missing++
		v.note("a record that stdout does not have", "%v", received)
		return
	}
	if diff := cmp.Diff(line, received); diff != "" {
		v.invented++
		v.note("a record that differs", "(-stdout +collector):\n%s", diff)
	}
}

func union(a, b map[string][]object) map[string]bool {
	all := map[string]bool{}
	for uid := range a {
		all[uid] = true
	}
	for uid := range b {
		all[uid] = true
	}
	return all
}

func without(rec object, keys ...string) object {
	left := object{}
	for k, v := range rec {
		if !slices.Contains(keys, k) {
			left[k] = v
		}
	}
	return left
}

func count[T any](all []T, is func(T) bool) (n int) {
	for _, v := range all {
		if is(v) {
			n++
		}
	}
	return n
}
