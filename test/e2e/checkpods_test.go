package e2e

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// byPod groups records by pod, without the fields that the oracle doesn't compute. A record
// with a failed plugin lacks the fields of that plugin; it gets them for the comparison.
func (r *report) byPod(records []object, fields map[string]object) map[string][]object {
	pods := map[string][]object{}
	for _, rec := range records {
		uid := text(rec, "pod_uid")
		rec = without(rec, "time", "msg", "occurred_at", "record_id", "seq")
		if failed := text(rec, "enrichment"); failed != "" {
			r.unenriched++
			if strings.HasPrefix(failed, "owners: ") { // the plugin used the pod's own metadata
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

// ofPlugin reports whether a field comes from the plugin.
func ofPlugin(key string) bool {
	return strings.HasPrefix(key, "bundle.") || key == "trace_id" || key == "span_id"
}

// checkPods compares the records of each pod with the expected ones.
func (r *report) checkPods(want, got map[string][]object) {
	for _, uid := range slices.Sorted(maps.Keys(union(want, got))) {
		before := r.sum()
		r.checkPod(want[uid], got[uid])
		if r.sum() > before {
			r.note("a pod whose records differ", "%s (-expected +got):\n%s", uid, cmp.Diff(want[uid], got[uid]))
		}
	}
}

// checkPod counts the differences in the records of one pod.
func (r *report) checkPod(want, got []object) {
	places := map[string][]int{} // of the expected records that were not found yet
	for i, rec := range want {
		key := canonical(rec)
		places[key] = append(places[key], i)
	}
	left, last, twice := []object{}, -1, map[any]bool{}
	emitted := map[string]bool{}
	for _, rec := range got {
		key := canonical(rec)
		if len(places[key]) == 0 {
			twice[key] = emitted[key]
			left = append(left, rec)
			continue
		}
		if places[key][0] < last {
			r.disorder++
		}
		last = max(last, places[key][0])
		places[key] = places[key][1:]
		emitted[key], emitted[text(rec, "action")] = true, true
	}
	for _, rec := range left {
		r.extra(rec, places, twice[canonical(rec)] || rec["action"] != "update" && emitted[text(rec, "action")])
	}
	for _, unfound := range places {
		r.missing += len(unfound)
	}
}

// extra counts a record that is not expected.
func (r *report) extra(rec object, places map[string][]int, twice bool) {
	mark := without(rec, "recovered")
	if rec["recovered"] == nil {
		mark["recovered"] = true
	}
	switch key := canonical(mark); {
	case len(places[key]) > 0:
		places[key] = places[key][1:]
		r.mismarked++
		r.invented++
	case twice:
		r.duplicates++
	default:
		r.invented++
	}
}

// checkCollector checks that the Collector has the records of stdout.
func (r *report) checkCollector(lines, received []object) {
	emitted := map[string]object{}
	for _, rec := range lines {
		emitted[text(rec, "record_id")] = rec
	}
	got := map[string]object{}
	var once []object
	for _, rec := range received {
		r.collectorRecords++
		id := text(rec, "record_id")
		if before, ok := got[id]; ok {
			r.collectorAgain++
			if diff := cmp.Diff(before, rec); diff != "" {
				r.duplicates++
				r.note("a record_id with two records", "collector: %s", diff)
			}
			continue
		}
		got[id] = rec
		once = append(once, rec)
		r.compareSides(emitted[id], rec)
	}
	r.collector = len(once)
	for id, rec := range emitted {
		if got[id] == nil {
			r.missing++
			r.note("a record that the collector does not have", "%v", rec)
		}
	}
	r.checkNumbers("collector", once)
}

func (r *report) compareSides(line, received object) {
	if line == nil {
		r.missing++
		r.note("a record that stdout does not have", "%v", received)
		return
	}
	if diff := cmp.Diff(line, received); diff != "" {
		r.invented++
		r.note("a record that differs", "(-stdout +collector):\n%s", diff)
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
