//go:build node

package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// check compares the program's records with the oracle's, then with the tables.
func (r *rehearsal) check(t *testing.T) {
	byPod := map[string][]object{}
	for _, rec := range r.program.records() {
		byPod[text(rec, "pod_uid")] = append(byPod[text(rec, "pod_uid")], rec)
	}
	t.Run("oracle", func(t *testing.T) { r.checkOracle(t, byPod) })
	t.Run("log", func(t *testing.T) {
		for _, warning := range r.program.warnings() {
			t.Errorf("the program's log: %s", warning)
		}
	})
	for _, x := range scenarios() {
		if end, played := r.ends[x.name]; played {
			t.Run(x.name, func(t *testing.T) { r.checkTable(t, x, end, byPod) })
		}
	}
}

// compared are the fields that the oracle derives.
func compared() []string {
	return []string{
		"action", "level", "state", "reason", "info", "pod", "namespace", "pod_uid", "node", "phase", "container",
		"container_type", "image", "ready", "restart_count", "exit_code", "signal", "condition", "condition_status",
		"resource_version",
	}
}

func essence(rec object) string {
	o := object{}
	for _, key := range compared() {
		if v, ok := rec[key]; ok {
			o[key] = v
		}
	}
	if rec["condition"] != nil {
		o["occurred_at"] = rec["occurred_at"]
	}
	return canonical(o)
}

// checkOracle compares the records of each version of each pod. The order of
// records about the pod as a whole within one version is free.
func (r *rehearsal) checkOracle(t *testing.T, byPod map[string][]object) {
	want := map[string][]object{}
	versions := map[string]change{}
	for _, c := range r.history.changes {
		p := pod{c.Pod}
		want[p.uid()] = append(want[p.uid()], c.records...)
		versions[p.uid()+"@"+c.ResourceVersion] = c
	}
	for uid, records := range want {
		if diff := difference(records, byPod[uid]); diff != "" {
			t.Errorf("pod %s/%s, records wanted (-) and emitted (+):\n%s",
				text(records[0], "namespace"), text(records[0], "pod"), diff)
		}
	}
	for uid, records := range byPod {
		if want[uid] == nil && uid != "" {
			t.Errorf("pod %s has records but no history: %v", uid, records[0])
		}
	}
}

// difference shows records that only one side has, with those of the same version.
func difference(want, got []object) string {
	var b strings.Builder
	wanted, emitted := byVersion(want), byVersion(got)
	versions := map[string]bool{}
	for v := range wanted {
		versions[v] = true
	}
	for v := range emitted {
		versions[v] = true
	}
	sorted := make([]string, 0, len(versions))
	for v := range versions {
		sorted = append(sorted, v)
	}
	slices.SortFunc(sorted, func(a, b string) int { return int(revision(a) - revision(b)) })
	for _, v := range sorted {
		if slices.Equal(wanted[v], emitted[v]) {
			continue
		}
		for _, text := range wanted[v] {
			if !slices.Contains(emitted[v], text) {
				b.WriteString("- " + text + "\n")
			}
		}
		for _, text := range emitted[v] {
			if !slices.Contains(wanted[v], text) {
				b.WriteString("+ " + text + "\n")
			}
		}
		if slices.Equal(slices.Sorted(slices.Values(wanted[v])), slices.Sorted(slices.Values(emitted[v]))) {
			b.WriteString("in another order: " + strings.Join(emitted[v], "\n  ") + "\n")
		}
	}
	return b.String()
}

func revision(version string) int64 {
	n, _ := strconv.ParseInt(version, 10, 64)
	return n
}

// byVersion returns the essence of the records of each resourceVersion, those about the
// pod as a whole sorted.
func byVersion(records []object) map[string][]string {
	all := map[string][]string{}
	var whole []object
	flush := func() {
		slices.SortStableFunc(whole, func(a, b object) int {
			return strings.Compare(text(a, "condition"), text(b, "condition"))
		})
		for _, rec := range whole {
			v := text(rec, "resource_version")
			all[v] = append(all[v], essence(rec))
		}
		whole = nil
	}
	for _, rec := range records {
		v := text(rec, "resource_version")
		ofPod := rec["container"] == nil && rec["action"] == "update"
		if !ofPod || len(whole) > 0 && text(whole[0], "resource_version") != v {
			flush()
		}
		if ofPod {
			whole = append(whole, rec)
		} else {
			all[v] = append(all[v], essence(rec))
		}
	}
	flush()
	return all
}

// checkTable compares the records of each pod of a scenario with its table.
func (r *rehearsal) checkTable(t *testing.T, x scenario, end int64, byPod map[string][]object) {
	covered := map[string]bool{}
	for _, e := range expectations(x.want) {
		uids := map[string]string{}
		for _, c := range r.history.of(x.name, e.pods, end) {
			uids[pod{c.Pod}.uid()] = pod{c.Pod}.name()
		}
		if len(uids) == 0 {
			t.Errorf("there is no pod %s", e.pods)
		}
		for uid, name := range uids {
			covered[name] = true
			if got := e.lines(until(byPod[uid], end)); !e.records.MatchString(got) {
				t.Errorf("records of %s %s:\n%swant:\n%s", name, e.subject, got, e.text)
			}
		}
	}
	for _, c := range r.history.of(x.name, "*", end) {
		if name := (pod{c.Pod}).name(); !covered[name] {
			covered[name] = true
			t.Errorf("the table does not mention pod %s", name)
		}
	}
}

// until leaves out what happened after a revision.
func until(records []object, end int64) []object {
	return slices.DeleteFunc(slices.Clone(records), func(rec object) bool {
		return revision(text(rec, "resource_version")) > end
	})
}
