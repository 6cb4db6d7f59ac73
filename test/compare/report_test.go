package compare

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// report lists differences by kind.
type report struct {
	counts   map[string]int
	examples map[string]string // the first of each kind
	late     int               // records of which the enrichment was not compared
}

func newReport() *report {
	return &report{counts: map[string]int{}, examples: map[string]string{}}
}

func (r *report) add(kind, example string) {
	if r.counts[kind]++; r.counts[kind] == 1 {
		r.examples[kind] = example
	}
}

// String lists the kinds, the most frequent first, each with an example.
func (r *report) String() string {
	kinds := slices.SortedFunc(maps.Keys(r.counts), func(a, b string) int {
		return cmp.Or(r.counts[b]-r.counts[a], strings.Compare(a, b))
	})
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "%6d %s\n       such as %s\n", r.counts[kind], kind, shortened(r.examples[kind]))
	}
	return b.String()
}

func shortened(s string) string {
	const most = 1500
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// compareResults reports in what the two builds differ.
func compareResults(base, tree result) *report {
	r := newReport()
	r.compareRecords("stdout", base.lines, tree.lines)
	r.compareRecords("OTLP", base.otlp, tree.otlp)
	if len(base.states) != len(tree.states) {
		r.add("runs", fmt.Sprintf("%d and %d", len(base.states), len(tree.states)))
	}
	for i := range min(len(base.states), len(tree.states)) {
		r.compareStates(base.states[i], tree.states[i])
	}
	for i := range min(len(base.waiting), len(tree.waiting)) {
		if !slices.Equal(base.waiting[i], tree.waiting[i]) {
			r.add("journal dump", fmt.Sprintf("%d and %d lines", len(base.waiting[i]), len(tree.waiting[i])))
		}
	}
	return r
}

func (r *report) compareRecords(where string, base, tree []record) {
	base, tree = ordered(base), ordered(tree)
	if slices.EqualFunc(base, tree, func(a, b record) bool { return a.text == b.text && a.seq == b.seq }) {
		return
	}
	in := func(records []record) (keys []string, by map[string]record) {
		by = make(map[string]record, len(records))
		for _, rec := range records {
			key := identity(rec.fields)
			for _, taken := by[key]; taken; _, taken = by[key] {
				key += " again"
			}
			keys, by[key] = append(keys, key), rec
		}
		return keys, by
	}
	baseKeys, baseBy := in(base)
	treeKeys, treeBy := in(tree)
	for _, key := range baseKeys {
		if other, ok := treeBy[key]; ok {
			r.compareFields(where, baseBy[key], other)
		} else {
			r.add(where+": no longer emitted: "+kindOf(baseBy[key].fields), baseBy[key].text)
		}
	}
	for _, key := range treeKeys {
		if _, ok := baseBy[key]; !ok {
			r.add(where+": newly emitted: "+kindOf(treeBy[key].fields), treeBy[key].text)
		}
	}
	common := func(keys []string, by map[string]record) []string {
		return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { _, ok := by[key]; return !ok })
	}
	a, b := common(baseKeys, treeBy), common(treeKeys, baseBy)
	for i := range a {
		if a[i] != b[i] {
			r.add(where+": order", fmt.Sprintf("record %d of those that both emit is %s, was %s", i+1, b[i], a[i]))
			break // all others are behind it
		}
	}
}

// ordered returns the records in an order that doesn't depend on chance: pods that are
// gone after a gap are deleted in any order.
func ordered(records []record) []record {
	records = slices.Clone(records)
	for begin := 0; begin < len(records); begin++ {
		end := begin
		for end < len(records) && isRecoveredDeletion(records[end].fields) {
			end++
		}
		if end <= begin+1 {
			continue
		}
		run := records[begin:end]
		var seqs []any
		for _, rec := range run {
			seqs = append(seqs, rec.seq)
		}
		slices.SortFunc(run, func(a, b record) int { return strings.Compare(a.id, b.id) })
		for i := range run {
			run[i].seq = seqs[i]
		}
		begin = end
	}
	return records
}

func isRecoveredDeletion(fields object) bool {
	return field(fields, "action") == "delete" && field(fields, "recovered") == true
}

// identity is what a record is about, which is the same in both builds.
func identity(fields object) string {
	var parts []string
	for _, key := range []string{"pod_uid", "resource_version", "action", "container", "state"} {
		parts = append(parts, fmt.Sprint(field(fields, key)))
	}
	return strings.Join(parts, " ")
}

// otlpKeys are the attributes for fields on stdout.
var otlpKeys = map[string]string{
	"pod_uid": "k8s.pod.uid", "resource_version": "podstatus.resource_version", "action": "podstatus.action",
	"container": "k8s.container.name",
	"state":     "podstatus.state", "reason": "podstatus.reason", "recovered": "podstatus.recovered",
	"enrichment": "podstatus.enrichment",
}

// field returns a field of a record on stdout or over OTLP.
func field(fields object, key string) any {
	resource, ok := fields["resource"].(object)
	if !ok {
		return fields[key]
	}
	if value, ok := fields[otlpKeys[key]]; ok {
		return plain(value)
	}
	return plain(resource[otlpKeys[key]])
}

// kindOf says what kind of record it is.
func kindOf(fields object) string {
	kind := fmt.Sprintf("%v %v %v", field(fields, "action"), field(fields, "state"), field(fields, "reason"))
	if field(fields, "container") == nil {
		kind += " of the pod"
	}
	return kind
}

// compareFields reports the fields that differ. Another number is a consequence of records
// that are missing or new.
func (r *report) compareFields(where string, base, tree record) {
	if base.seq != tree.seq {
		r.add(where+": number", fmt.Sprintf("%v, was %v", tree.seq, base.seq))
	}
	if base.text == tree.text {
		return
	}
	same := true
	late := isLate(base.fields) || isLate(tree.fields)
	if late {
		r.late++
	}
	for _, key := range slices.Sorted(maps.Keys(union(base.fields, tree.fields))) {
		if late && isEnrichment(key) {
			same = false
			continue
		}
		if a, b := base.fields[key], tree.fields[key]; !reflect.DeepEqual(a, b) {
			same = false
			r.add(fmt.Sprintf("%s: %s: %s", where, key, kindOf(base.fields)), fmt.Sprintf("%v, was %v in %s", b, a, base.text))
		}
	}
	if same {
		r.add(where+": form", tree.text+"       was "+base.text)
	}
}

// isLate reports whether the API server of a busy machine took longer than the program
// waits for owners, half a second. What plugins add to such a record is up to chance.
func isLate(fields object) bool {
	return strings.Contains(fmt.Sprint(field(fields, "enrichment")), "deadline exceeded")
}

func isEnrichment(key string) bool {
	return strings.HasPrefix(key, "bundle.") || slices.Contains([]string{
		"enrichment", "podstatus.enrichment", "trace_id", "span_id", "traceId", "spanId", "flags",
		"info", "truncated", // a line has room for less of the message
	}, key)
}

func (r *report) compareStates(base, tree map[string]object) {
	for key := range union(base, tree) {
		a, inBase := base[key]
		b, inTree := tree[key]
		if inBase != inTree {
			r.add("states: key only in one journal", fmt.Sprintf("%q", key))
			continue
		}
		for name := range union(a, b) {
			if !reflect.DeepEqual(a[name], b[name]) {
				r.add("states: "+strings.Fields(name)[0], fmt.Sprintf("%q: %v, was %v", key, b[name], a[name]))
			}
		}
	}
}

func union[V any](a, b map[string]V) map[string]bool {
	all := make(map[string]bool, len(a)+len(b))
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	return all
}
