package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestJudge: the judge finds what is wrong in made-up runs, and nothing where
// nothing is.
func TestJudge(t *testing.T) {
	for name, tt := range map[string]struct {
		gaps [][2]int64
		seen []object // by a list that was begun anew
		do   func(*tale)
		want verdict
	}{
		"all is well":              {},
		"a line again":             {do: func(s *tale) { s.out = append(s.out, s.out[3]) }, want: verdict{stdoutAgain: 1}},
		"a request again":          {do: func(s *tale) { s.got = append(s.got, s.got[2:5]...) }, want: verdict{collectorAgain: 3}},
		"never told":               {do: both(drop(is("a", "update"))), want: verdict{missing: 1}},
		"a delete never told":      {do: both(drop(is("b", "delete"))), want: verdict{missing: 1}},
		"a pod never told":         {do: both(func(all []object) []object { return slices.DeleteFunc(all, of("c")) }), want: verdict{missing: 6}},
		"not on stdout":            {do: func(s *tale) { s.out = drop(is("a", "update"))(s.out) }, want: verdict{missing: 2, holes: 1}},
		"not at the collector":     {do: func(s *tale) { s.got = drop(is("a", "update"))(s.got) }, want: verdict{missing: 1, holes: 1}},
		"differs at the collector": {do: func(s *tale) { s.got[2] = with(s.got[2], "msg", "?") }, want: verdict{invented: 1}},
		"invented":                 {do: both(add(is("a", "update"), "info", "out of the blue")), want: verdict{invented: 1}},
		"invented pod":             {do: both(add(is("a", "create"), "pod_uid", "ghost")), want: verdict{invented: 1}},
		"told under two ids":       {do: both(add(is("a", "update"))), want: verdict{duplicates: 1}},
		"two creates":              {do: both(add(is("a", "create"), "resource_version", "3")), want: verdict{duplicates: 1}},
		"two deletes":              {do: both(add(is("b", "delete"), "resource_version", "17")), want: verdict{duplicates: 1}},
		"out of order":             {do: both(swap), want: verdict{disorder: 1}},
		"seq out of order":         {do: func(s *tale) { swap(s.out) }, want: verdict{disorder: 2}},
		"collector out of order":   {do: func(s *tale) { swap(s.got) }, want: verdict{disorder: 1}},
		"seq begins anew":          {do: func(s *tale) { s.out[5]["seq"], s.got[5]["seq"] = 1, 1.0 }, want: verdict{duplicates: 2, holes: 2}},
		"an id twice":              {do: func(s *tale) { s.out = append(s.out, with(s.out[3], "seq", 99)) }, want: verdict{stdoutAgain: 1, duplicates: 1}},
		"no record_id":             {do: both(func(all []object) []object { all[3]["record_id"] = ""; return all }), want: verdict{invented: 2}},
		"recovered without a gap":  {do: both(set(is("a", "update"), "recovered", true)), want: verdict{mismarked: 1, invented: 1}},

		"torn, and again":   {do: func(s *tale) { s.tear(4, true) }, want: verdict{torn: 1}},
		"torn, and lost":    {do: func(s *tale) { s.tear(4, true); s.out = drop(is("a", "update"))(s.out) }, want: verdict{torn: 1, missing: 3, holes: 1}},
		"torn in the midst": {do: func(s *tale) { s.tear(4, false) }, want: verdict{torn: 1, invented: 1}},

		"plugin failed":                {do: both(func(all []object) []object { fail(all[1]); return all }), want: verdict{unenriched: 1}},
		"plugin failed in silence":     {do: both(func(all []object) []object { fail(all[1]); delete(all[1], "enrichment"); return all }), want: verdict{missing: 1, invented: 1}},
		"plugin only said to be wrong": {do: both(set(is("a", "update"), "enrichment", "bundle: crashed")), want: verdict{unenriched: 1, missing: 1, invented: 1}},

		"a gap":                   {gaps: gaps(4, 14), want: verdict{gaps: 1, within: 10}},
		"several gaps":            {gaps: gaps(2, 6, 6, 9, 12, 16), want: verdict{gaps: 3, within: 11}},
		"a gap over all":          {gaps: gaps(0, 18), want: verdict{gaps: 1, within: 18}},
		"a gap without a fault":   {gaps: gaps(4, 9), do: func(s *tale) { s.faults = nil }, want: verdict{gaps: 1, within: 5, unexplained: 1}},
		"more gaps than faults":   {gaps: gaps(4, 6, 7, 9), do: func(s *tale) { s.faults = []span{{5, 8, ""}} }, want: verdict{gaps: 2, within: 4, unexplained: 1}},
		"state lost in a gap":     {gaps: gaps(4, 11), do: both(drop(isRecovered("c", "update"))), want: verdict{gaps: 1, within: 7, missing: 1}},
		"delete lost in a gap":    {gaps: gaps(4, 18), do: both(drop(isRecovered("b", "delete"))), want: verdict{gaps: 1, within: 14, missing: 1}},
		"create lost in a gap":    {gaps: gaps(4, 11), do: both(drop(isRecovered("c", "create"))), want: verdict{gaps: 1, within: 7, missing: 1}},
		"recovered is not marked": {gaps: gaps(4, 18), do: both(unmark(is("b", "delete"))), want: verdict{gaps: 1, within: 14, mismarked: 1, invented: 1}},

		"a list begun anew":            {gaps: gaps(4, 14), seen: onTheWay, want: verdict{gaps: 1, within: 10}},
		"and not told to be complete":  {gaps: gaps(4, 14), seen: onTheWay, do: neverSaid, want: verdict{gaps: 1, within: 10}},
		"no gap, and a list that ends": {do: func(s *tale) { s.log = gapLine(gapEnds, 4, 14) }, want: verdict{gaps: 1, unexplained: 1, mismarked: 1, invented: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTale(t, tt.gaps, tt.seen)
			if tt.do != nil {
				tt.do(s)
			}
			v := judge(t, s.evidence())
			got := *v
			tt.want.changes, got.examples, got.all = v.changes, nil, nil
			for _, same := range []struct{ got, want *int }{
				{&got.stdout, &tt.want.stdout},
				{&got.stdoutLines, &tt.want.stdoutLines},
				{&got.collector, &tt.want.collector},
				{&got.collectorRecords, &tt.want.collectorRecords},
			} {
				*same.want = *same.got
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				var why bytes.Buffer
				v.explain(&why)
				t.Errorf("have %+v\nwant %+v\n%s", got, tt.want, &why)
			}
		})
	}
}

// tale is a made-up run: what happened, and what was told of it.
type tale struct {
	t        *testing.T
	changes  []change
	out, got []object
	torn     []int // indices in out behind which a line is torn
	atKill   bool
	log      string
	faults   []span
}

// newTale tells of three pods, with gaps, as a program without fault would.
func newTale(t *testing.T, spans [][2]int64, seen []object) *tale {
	s := &tale{t: t, changes: madeUp(t)}
	var all []gap
	for _, g := range spans {
		all = append(all, gap{from: g[0], to: g[1], listed: g[1], torn: seen != nil})
		s.faults = append(s.faults, span{g[0] + 1, g[1], ""})
		if seen != nil {
			s.log += gapLine(gapBegins, g[0], 0)
		}
		s.log += gapLine(gapBegins, g[0], 0) + gapLine(gapEnds, g[0], g[1])
	}
	w := expect(s.changes, all, seen)
	w.belong(s.changes, bundleOfTale)
	for _, uid := range slices.Sorted(maps.Keys(w.expected)) {
		s.out = append(s.out, w.expected[uid]...)
	}
	number := func(all []object) []object { return all }
	both(number)(s)
	return s
}

// onTheWay is what a list saw that did not come to its end: a pod as it was then,
// one that changed while the list was read.
var onTheWay = []object{
	{"pod_uid": "a", "resource_version": "6", "recovered": true},
	{"pod_uid": "c", "resource_version": "8", "recovered": true},
	{"pod_uid": "c", "resource_version": "9"},
}

// neverSaid: the program died between the end of the list and the line that
// tells of it.
func neverSaid(s *tale) {
	lines := slices.Collect(strings.Lines(s.log))
	s.log = strings.Join(lines[:len(lines)-1], "")
}

func gapLine(msg string, from, to int64) string {
	return fmt.Sprintf(`{"time":"2026-01-01T00:00:00Z","level":"WARN","msg":%q,"from":"%d","to":"%d"}`+"\n", msg, from, to)
}

func bundleOfTale(pod object) object { return fieldsOf(pod, appOf(pod)) }

// madeUp is the history of three pods, a change for each revision from 1 to 18.
func madeUp(t *testing.T) []change {
	var history bytes.Buffer
	revision := 0
	pods := map[string]object{}
	tell := func(typ, name string, does func(p object)) {
		revision++
		if pods[name] == nil {
			pods[name] = object{
				"metadata": object{"name": name, "namespace": "default", "uid": name, "labels": object{appName: "web", "pod": "x"}},
				"spec":     object{"containers": []object{{"name": "app", "image": "app:1"}}},
				"status":   object{"phase": "Pending"},
			}
		}
		p := pods[name]
		does(p)
		at(p, "metadata")["resourceVersion"] = strconv.Itoa(revision)
		if err := json.NewEncoder(&history).Encode(object{"type": typ, "resource_version": strconv.Itoa(revision), "pod": p}); err != nil {
			t.Fatal(err)
		}
	}
	bind := func(p object) { at(p, "spec")["nodeName"] = "node-1" }
	same := func(object) {}
	state := func(restarts int, s object) func(object) {
		return func(p object) {
			at(p, "status")["phase"] = "Running"
			at(p, "status")["containerStatuses"] = []object{{"name": "app", "image": "app:1", "ready": s["running"] != nil, "restartCount": restarts, "state": s}}
		}
	}
	creating := object{"waiting": object{"reason": "ContainerCreating"}}
	runs := object{"running": object{}}
	ended := object{"terminated": object{"exitCode": 1, "reason": "Error"}}

	tell("ADDED", "a", same)                  // 1
	tell("MODIFIED", "a", bind)               // 2
	tell("ADDED", "b", same)                  // 3
	tell("MODIFIED", "a", state(0, creating)) // 4
	tell("MODIFIED", "b", bind)               // 5
	tell("MODIFIED", "a", state(0, runs))     // 6
	tell("ADDED", "c", same)                  // 7
	tell("MODIFIED", "c", bind)               // 8
	tell("MODIFIED", "c", state(0, creating)) // 9
	tell("MODIFIED", "b", state(0, runs))     // 10
	tell("MODIFIED", "c", state(0, runs))     // 11
	tell("MODIFIED", "a", state(0, ended))    // 12
	tell("MODIFIED", "a", state(1, runs))     // 13
	tell("MODIFIED", "a", same)               // 14
	tell("MODIFIED", "c", state(0, ended))    // 15
	tell("MODIFIED", "b", state(0, ended))    // 16
	tell("DELETED", "b", same)                // 17
	tell("DELETED", "c", same)                // 18
	return changes(t, history.Bytes())
}

// both has the program tell something else, to both sides.
func both(do func([]object) []object) func(*tale) {
	return func(s *tale) {
		s.out = do(s.out)
		for i, rec := range s.out {
			for k, v := range map[string]any{"time": "2026-01-01T00:00:00Z", "msg": "x", "record_id": fmt.Sprint("id-", i)} {
				if rec[k] != "" {
					rec[k] = v
				}
			}
			rec["seq"] = i + 1
		}
		s.got = nil
		if err := json.Unmarshal([]byte(canonical(s.out)), &s.got); err != nil {
			s.t.Fatal(err)
		}
	}
}

// tear has a line torn behind another one.
func (s *tale) tear(behind int, atKill bool) { s.torn, s.atKill = append(s.torn, behind), atKill }

func (s *tale) evidence() evidence {
	var out []byte
	var ends []int64
	for i, rec := range s.out {
		out = append(append(out, canonical(rec)...), '\n')
		if slices.Contains(s.torn, i) {
			whole := canonical(s.got[1])
			out = append(out, whole[:len(whole)*7/8]...)
			if s.atKill {
				ends = append(ends, int64(len(out)))
			}
			out = append(out, '\n')
		}
	}
	return evidence{changes: s.changes, stdout: out, ends: ends, logs: s.log, collector: s.got, bundleOf: appOf, faults: s.faults}
}

func of(uid string) func(object) bool {
	return func(rec object) bool { return rec["pod_uid"] == uid }
}

func is(uid, action string) func(object) bool {
	return func(rec object) bool { return rec["pod_uid"] == uid && rec["action"] == action }
}

func isRecovered(uid, action string) func(object) bool {
	return func(rec object) bool { return is(uid, action)(rec) && rec["recovered"] == true }
}

// drop takes the first such record away.
func drop(which func(object) bool) func([]object) []object {
	return func(all []object) []object {
		i := slices.IndexFunc(all, which)
		return slices.Delete(slices.Clone(all), i, i+1)
	}
}

// add puts a copy behind the first such record, with another id and a field changed.
func add(which func(object) bool, change ...any) func([]object) []object {
	return func(all []object) []object {
		i := slices.IndexFunc(all, which)
		rec := maps.Clone(all[i])
		if len(change) > 0 {
			rec[change[0].(string)] = change[1]
		}
		return slices.Insert(slices.Clone(all), i+1, rec)
	}
}

func set(which func(object) bool, key string, value any) func([]object) []object {
	return func(all []object) []object {
		all[slices.IndexFunc(all, which)][key] = value
		return all
	}
}

func unmark(which func(object) bool) func([]object) []object {
	return func(all []object) []object {
		delete(all[slices.IndexFunc(all, which)], "recovered")
		return all
	}
}

// swap exchanges two records of one pod.
func swap(all []object) []object {
	i := slices.IndexFunc(all, is("a", "update"))
	all[i], all[i+1] = all[i+1], all[i]
	return all
}

func with(rec object, key string, value any) object {
	rec = maps.Clone(rec)
	rec[key] = value
	return rec
}

// fail takes from a record what a plugin adds.
func fail(rec object) {
	maps.DeleteFunc(rec, func(key string, _ any) bool {
		return slices.Contains([]string{"trace_id", "span_id"}, key) || len(key) > 7 && key[:7] == "bundle."
	})
	rec["enrichment"] = "bundle: deadline exceeded"
}

// gaps pairs revisions.
func gaps(revisions ...int64) (all [][2]int64) {
	for pair := range slices.Chunk(revisions, 2) {
		all = append(all, [2]int64{pair[0], pair[1]})
	}
	return all
}
