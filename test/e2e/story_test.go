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

// story is a made-up run: the changes and the emitted records.
type story struct {
	t        *testing.T
	changes  []change
	out, got []object // on stdout, and at the Collector
	torn     []int    // indices in out of records after which a torn line stands
	atKill   bool
	log      string
	faults   []span
}

// newStory returns the run of a program without faults, with gaps.
func newStory(t *testing.T, spans [][2]int64, seen []object) *story {
	s := &story{t: t, changes: madeUp(t)}
	var all []gap
	for _, g := range spans {
		all = append(all, gap{from: g[0], to: g[1], listed: g[1], torn: seen != nil})
		s.faults = append(s.faults, span{g[0] + 1, g[1], ""})
		if seen != nil {
			s.log += gapLine(gapBegins, g[0], 0)
		}
		s.log += gapLine(gapBegins, g[0], 0) + gapLine(gapEnds, g[0], g[1])
	}
	o := expect(s.changes, all, seen)
	o.addBundles(s.changes, bundleOfStory)
	for _, uid := range slices.Sorted(maps.Keys(o.expected)) {
		s.out = append(s.out, o.expected[uid]...)
	}
	number := func(all []object) []object { return all }
	both(number)(s)
	return s
}

// readMeanwhile are records of a list that did not come to its end: a pod as it was then, and
// one that changed while the list was read.
var readMeanwhile = []object{
	{"pod_uid": "a", "resource_version": "6", "recovered": true},
	{"pod_uid": "c", "resource_version": "8", "recovered": true},
	{"pod_uid": "c", "resource_version": "9"},
}

// withoutEnd kills the program between the end of the list and the log line about it.
func withoutEnd(s *story) {
	lines := slices.Collect(strings.Lines(s.log))
	s.log = strings.Join(lines[:len(lines)-1], "")
}

func gapLine(msg string, from, to int64) string {
	return fmt.Sprintf(`{"time":"2026-01-01T00:00:00Z","level":"WARN","msg":%q,"from":"%d","to":"%d"}`+"\n", msg, from, to)
}

func bundleOfStory(pod object) object { return fieldsOf(pod, appOf(pod)) }

// madeUp returns the history of three pods, with a change for each revision from 1 to 18.
func madeUp(t *testing.T) []change {
	var history bytes.Buffer
	revision := 0
	pods := map[string]object{}
	write := func(typ, name string, does func(p object)) {
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
		if err := json.NewEncoder(&history).Encode(object{
			"type": typ, "resource_version": strconv.Itoa(revision), "pod": p,
		}); err != nil {
			t.Fatal(err)
		}
	}
	bind := func(p object) { at(p, "spec")["nodeName"] = "node-1" }
	same := func(object) {}
	state := func(restarts int, s object) func(object) {
		return func(p object) {
			at(p, "status")["phase"] = "Running"
			at(p,
				"status")["containerStatuses"] = []object{{
				"name": "app", "image": "app:1", "ready": s["running"] != nil, "restartCount": restarts, "state": s,
			}}
		}
	}
	creating := object{"waiting": object{"reason": "ContainerCreating"}}
	runs := object{"running": object{}}
	ended := object{"terminated": object{"exitCode": 1, "reason": "Error"}}

	write("ADDED", "a", same)                  // 1
	write("MODIFIED", "a", bind)               // 2
	write("ADDED", "b", same)                  // 3
	write("MODIFIED", "a", state(0, creating)) // 4
	write("MODIFIED", "b", bind)               // 5
	write("MODIFIED", "a", state(0, runs))     // 6
	write("ADDED", "c", same)                  // 7
	write("MODIFIED", "c", bind)               // 8
	write("MODIFIED", "c", state(0, creating)) // 9
	write("MODIFIED", "b", state(0, runs))     // 10
	write("MODIFIED", "c", state(0, runs))     // 11
	write("MODIFIED", "a", state(0, ended))    // 12
	write("MODIFIED", "a", state(1, runs))     // 13
	write("MODIFIED", "a", same)               // 14
	write("MODIFIED", "c", state(0, ended))    // 15
	write("MODIFIED", "b", state(0, ended))    // 16
	write("DELETED", "b", same)                // 17
	write("DELETED", "c", same)                // 18
	return changes(t, history.Bytes())
}

// both changes the records on stdout and at the Collector.
func both(do func([]object) []object) func(*story) {
	return func(s *story) {
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

// tear tears a line after another one.
func (s *story) tear(behind int, atKill bool) { s.torn, s.atKill = append(s.torn, behind), atKill }

func (s *story) observed() observed {
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
	return observed{
		changes: s.changes, stdout: out, ends: ends, logs: s.log, collector: s.got, bundleOf: appOf, faults: s.faults,
	}
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

// drop removes the first such record.
func drop(which func(object) bool) func([]object) []object {
	return func(all []object) []object {
		i := slices.IndexFunc(all, which)
		return slices.Delete(slices.Clone(all), i, i+1)
	}
}

// add puts a copy after the first such record, with another id and one field changed.
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

// fail removes the fields of the plugin from a record.
func fail(rec object) {
	maps.DeleteFunc(rec, func(key string, _ any) bool {
		return slices.Contains([]string{"trace_id", "span_id"}, key) || len(key) > 7 && key[:7] == "bundle."
	})
	rec["enrichment"] = "bundle: deadline exceeded"
}

// gaps returns pairs of revisions.
func gaps(revisions ...int64) (all [][2]int64) {
	for pair := range slices.Chunk(revisions, 2) {
		all = append(all, [2]int64{pair[0], pair[1]})
	}
	return all
}
