package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// TestCheck checks that each kind of error in a made-up run is found, and nothing else.
func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		gaps [][2]int64
		seen []object // read by a list that was begun anew
		do   func(*story)
		want report
	}{
		"no error":     {},
		"a line again": {do: func(s *story) { s.out = append(s.out, s.out[3]) }, want: report{stdoutAgain: 1}},
		"a request again": {
			do: func(s *story) { s.got = append(s.got, s.got[2:5]...) }, want: report{collectorAgain: 3},
		},
		"never emitted":          {do: both(drop(is("a", "update"))), want: report{missing: 1}},
		"a delete never emitted": {do: both(drop(is("b", "delete"))), want: report{missing: 1}},
		"a pod never emitted": {
			do: both(func(all []object) []object { return slices.DeleteFunc(all, of("c")) }), want: report{missing: 6},
		},
		"not on stdout": {
			do: func(s *story) { s.out = drop(is("a", "update"))(s.out) }, want: report{missing: 2, holes: 1},
		},
		"not at the collector": {
			do: func(s *story) { s.got = drop(is("a", "update"))(s.got) }, want: report{missing: 1, holes: 1},
		},
		"differs at the collector": {do: func(s *story) { s.got[2] = with(s.got[2], "msg", "?") }, want: report{invented: 1}},
		"invented":                 {do: both(add(is("a", "update"), "info", "nothing happened")), want: report{invented: 1}},
		"invented pod":             {do: both(add(is("a", "create"), "pod_uid", "ghost")), want: report{invented: 1}},
		"emitted under two ids":    {do: both(add(is("a", "update"))), want: report{duplicates: 1}},
		"two creates":              {do: both(add(is("a", "create"), "resource_version", "3")), want: report{duplicates: 1}},
		"two deletes":              {do: both(add(is("b", "delete"), "resource_version", "17")), want: report{duplicates: 1}},
		"out of order":             {do: both(swap), want: report{disorder: 1}},
		"seq out of order":         {do: func(s *story) { swap(s.out) }, want: report{disorder: 2}},
		"collector out of order":   {do: func(s *story) { swap(s.got) }, want: report{disorder: 1}},
		"seq begins anew": {
			do: func(s *story) { s.out[5]["seq"], s.got[5]["seq"] = 1, 1.0 }, want: report{duplicates: 2, holes: 2},
		},
		"an id twice": {
			do: func(s *story) { s.out = append(s.out, with(s.out[3], "seq", 99)) }, want: report{stdoutAgain: 1, duplicates: 1},
		},
		"no record_id": {
			do: both(func(all []object) []object { all[3]["record_id"] = ""; return all }), want: report{invented: 2},
		},
		"recovered without a gap": {
			do: both(set(is("a", "update"), "recovered", true)), want: report{mismarked: 1, invented: 1},
		},

		"torn, and repeated": {do: func(s *story) { s.tear(4, true) }, want: report{torn: 1}},
		"torn, and lost": {
			do:   func(s *story) { s.tear(4, true); s.out = drop(is("a", "update"))(s.out) },
			want: report{torn: 1, missing: 3, holes: 1},
		},
		"torn without a kill": {do: func(s *story) { s.tear(4, false) }, want: report{torn: 1, invented: 1}},

		"plugin failed": {
			do: both(func(all []object) []object { fail(all[1]); return all }), want: report{unenriched: 1},
		},
		"plugin failed without a word": {do: both(func(all []object) []object {
			fail(all[1])
			delete(all[1],
				"enrichment")
			return all
		}), want: report{missing: 1, invented: 1}},
		"plugin failed, with its fields": {
			do:   both(set(is("a", "update"), "enrichment", "bundle: crashed")),
			want: report{unenriched: 1, missing: 1, invented: 1},
		},

		"a gap":          {gaps: gaps(4, 14), want: report{gaps: 1, within: 10}},
		"several gaps":   {gaps: gaps(2, 6, 6, 9, 12, 16), want: report{gaps: 3, within: 11}},
		"a gap over all": {gaps: gaps(0, 18), want: report{gaps: 1, within: 18}},
		"a gap without a fault": {
			gaps: gaps(4, 9), do: func(s *story) { s.faults = nil }, want: report{gaps: 1, within: 5, unexplained: 1},
		},
		"more gaps than faults": {
			gaps: gaps(4, 6, 7, 9), do: func(s *story) { s.faults = []span{{5, 8, ""}} },
			want: report{gaps: 2, within: 4, unexplained: 1},
		},
		"state lost in a gap": {
			gaps: gaps(4, 11), do: both(drop(isRecovered("b", "update"))), want: report{gaps: 1, within: 7, missing: 1},
		},
		"delete lost in a gap": {
			gaps: gaps(4, 18), do: both(drop(isRecovered("b", "delete"))), want: report{gaps: 1, within: 14, missing: 1},
		},
		"create lost in a gap": {
			gaps: gaps(4, 11), do: both(drop(isRecovered("c", "create"))), want: report{gaps: 1, within: 7, missing: 1},
		},
		"recovered is not marked": {
			gaps: gaps(4, 18), do: both(unmark(is("b", "delete"))), want: report{gaps: 1, within: 14, mismarked: 1, invented: 1},
		},

		"a list begun anew": {gaps: gaps(4, 14), seen: readMeanwhile, want: report{gaps: 1, within: 10}},
		"a list begun anew, end not logged": {
			gaps: gaps(4, 14), seen: readMeanwhile, do: withoutEnd, want: report{gaps: 1, within: 10},
		},
		"the end of a list without a gap": {
			do:   func(s *story) { s.log = gapLine(gapEnds, 4, 14) },
			want: report{gaps: 1, unexplained: 1, mismarked: 1, invented: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, tt.gaps, tt.seen)
			if tt.do != nil {
				tt.do(s)
			}
			v := check(t, s.observed())
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
