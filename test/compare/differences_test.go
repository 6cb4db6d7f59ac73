package compare

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// line returns a record about a container.
func line(version, state string, seq int, changes ...string) record {
	fields := object{
		"pod_uid": "1", "resource_version": version, "action": "update", "container": "c", "state": state, "reason": "R",
	}
	for i := 0; i < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
	}
	text := version + state + strings.Join(changes, "")
	return record{id: text, seq: seq, text: text, fields: fields}
}

// deletion returns the record of a pod that a comparison has found gone.
func deletion(uid string, seq int) record {
	return record{id: uid, seq: seq, text: uid, fields: object{"pod_uid": uid, "action": "delete", "recovered": true}}
}

// TestDifferences checks that each kind of difference is found and counted.
func TestDifferences(t *testing.T) {
	base := []record{line("1", "waiting", 1), line("2", "running", 2), line("3", "terminated", 3)}
	for name, c := range map[string]struct {
		base, tree result
		want       map[string]int
	}{
		"none": {result{lines: base}, result{lines: base}, map[string]int{}},
		"missing": {
			result{lines: base},
			result{lines: []record{base[0], line("3", "terminated", 2)}},
			map[string]int{"stdout: no longer emitted: update running R": 1, "stdout: number": 1},
		},
		"new": {
			result{otlp: base[:2]},
			result{otlp: base},
			map[string]int{"OTLP: newly emitted: update terminated R": 1},
		},
		"field": {
			result{lines: base},
			result{lines: []record{line("1", "waiting", 1, "level", "info"), line("2", "running", 2, "level", "info"), base[2]}},
			map[string]int{"stdout: level: update waiting R": 1, "stdout: level: update running R": 1},
		},
		"form": {
			result{lines: base},
			result{lines: []record{base[0], base[1], {id: base[2].id, seq: 3, text: "{ }", fields: base[2].fields}}},
			map[string]int{"stdout: form": 1},
		},
		"order": {
			result{lines: base},
			result{lines: []record{base[0], base[2], base[1]}},
			map[string]int{"stdout: order": 1},
		},
		"same record twice": {
			result{lines: base},
			result{lines: append(slices.Clone(base), base[2])},
			map[string]int{"stdout: newly emitted: update terminated R": 1},
		},
		"order of deletions after a gap": {
			result{lines: []record{deletion("a", 1), deletion("b", 2), base[2]}},
			result{lines: []record{deletion("b", 1), deletion("a", 2), base[2]}},
			map[string]int{},
		},
		"state": {
			result{states: []map[string]object{{"a": {"phase": "Running"}, "b": {}}}},
			result{states: []map[string]object{{"a": {"phase": "Failed"}, "c": {}}}},
			map[string]int{"states: phase": 1, "states: key only in one journal": 2},
		},
		"owners that came too late": {
			result{lines: base},
			result{lines: []record{
				base[0], base[1],
				line("3", "terminated", 3, "enrichment", "owners: deadline exceeded", "bundle.id", "b", "level", "info"),
			}},
			map[string]int{"stdout: level: update terminated R": 1},
		},
		"waiting": {
			result{waiting: [][]string{{"a", "b"}}},
			result{waiting: [][]string{{"a", "c"}}},
			map[string]int{"journal dump": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, compareResults(c.base, c.tree).counts); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWorld checks that a seed creates the same world each time, with many kinds of changes.
func TestWorld(t *testing.T) {
	phases, reasons := map[string]bool{}, map[string]bool{}
	versions := func() (all []string) {
		w := newWorld(newServer(t), 7)
		w.populate(40)
		for range 100 {
			w.step(10, 100)
			for _, pod := range w.server.All() {
				all = append(all, string(pod.UID)+" "+pod.ResourceVersion+" "+pod.Status.String())
				phases[string(pod.Status.Phase)] = true
				for _, c := range statuses(pod) {
					if c.State.Waiting != nil {
						reasons[c.State.Waiting.Reason] = true
					}
				}
			}
		}
		return all
	}
	if diff := cmp.Diff(versions(), versions()); diff != "" {
		t.Errorf("two worlds of one seed differ:\n%s", diff)
	}
	if len(phases) < 5 || len(reasons) < 9 {
		t.Errorf("only the phases %v and the reasons %v", slices.Collect(maps.Keys(phases)),
			slices.Collect(maps.Keys(reasons)))
	}
}
