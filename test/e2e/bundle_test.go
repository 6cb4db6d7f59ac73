//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBundles checks that marks of managers on top objects are on every record of their pods,
// with one trace for each version, if the program may look owners up. The plugin is a process.
func TestBundles(t *testing.T) {
	dir := t.TempDir()
	c := startCluster(t, auditArgs(t, dir)...)
	grant(c)
	collector := startCollector(t, dir)
	logger := startLogger(t, c.Info.OwnersKubeconfig, collector, "--config", isolatedPlugin)

	deployFirst(c)
	deploySecond(c)
	deleteAll(c)

	all := c.history()
	logger.awaitLast(all)
	checkWarnings(t, logger, nil)
	plugins := descendants(t, logger.PID())
	stop(t, logger.Program)
	checkGone(t, plugins)
	stop(t, collector.Program)

	lines := checkBundles(t, logger, all, withOwners)
	checkCollector(t, lines, collector.received())
	checkTraces(t, lines)
	asked := requestsOf(t, dir)
	checkAsked(t, asked, all)
	t.Logf("changes=%d records=%d rollouts=%d look-ups=%d", len(all), len(lines), len(rolloutsOf(all)), len(asked))
}

// TestPodsRuleAlone checks that the program works with list and watch on pods alone. It finds
// the bundles that the pods' own metadata names, and logs what else would help. In the end it
// is killed.
func TestPodsRuleAlone(t *testing.T) {
	dir := t.TempDir()
	c := startCluster(t, auditArgs(t, dir)...)
	logger := startLogger(t, c.Info.LoggerKubeconfig, nil, "--config", isolatedPlugin)

	deployFirst(c)
	first := c.history()
	logger.awaitPods(first)
	deploySecond(c)
	deleteAll(c)

	all := c.history()
	logger.awaitLast(all)
	checkBundles(t, logger, all, withoutOwners)
	checkWarnings(t, logger, []string{
		hint("jobs", "batch"), hint("replicasets", "apps"), hint("statefulsets", "apps"),
	})
	checkRefused(t, requestsOf(t, dir), first)
	if n := int(logger.metric(`pod_status_logger_owner_lookups_total{outcome="forbidden"}`)); n == 0 ||
		n > len(rolloutsOf(all)) {
		t.Errorf("%d look-ups for %d rollouts", n, len(rolloutsOf(all)))
	}
	checkKill(t, logger)
}

// grant gives the user of the owners' kubeconfig the role for look-ups in docs/bundles.md.
func grant(c *cluster) {
	_, rest, ok := strings.Cut(read(c.t, bundlesPage), "```yaml\napiVersion: rbac.authorization.k8s.io/v1\n")
	role, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		c.t.Fatal("docs/bundles.md has no role")
	}
	const rbac = "/apis/rbac.authorization.k8s.io/v1"
	made := c.send(http.MethodPost, rbac+"/clusterroles", "application/yaml",
		[]byte("apiVersion: rbac.authorization.k8s.io/v1\n"+role))
	c.do(http.MethodPost, rbac+"/clusterrolebindings", object{
		"metadata": object{"name": text(made, "metadata", "name")},
		"roleRef": object{
			"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": text(made, "metadata", "name"),
		},
		"subjects": []object{{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "pod-status-logger-owners"}},
	})
}

// checkBundles compares all records, including bundles and traces, with those of the oracle,
// and returns them. None may have the field enrichment, which the oracle never sets.
func checkBundles(t *testing.T, l *logger, all []change, bundleOf func(pod object) object) []object {
	t.Helper()
	lines := stdoutRecords(t, l.Output(t))
	o := expect(all, gapsOf(t, l.Log(t), all, lines), lines)
	o.addBundles(all, func(pod object) object { return fieldsOf(pod, bundleOf(pod)) })
	checkNumbers(t, lines)
	checkRecords(t, o, lines)
	return lines
}

// checkTraces checks traces without the oracle: the pods of a rollout share one, those of the
// next rollout another, and records of the old pods stay in the old one while new pods start.
func checkTraces(t *testing.T, lines []object) {
	t.Helper()
	traces, late := map[string]map[string]bool{}, map[string]bool{}
	for _, rec := range lines {
		app, version := text(rec, "app"), text(rec, "version")
		if rolled[app] == 0 {
			continue
		}
		key := app + " " + version
		if traces[key] == nil {
			traces[key] = map[string]bool{}
		}
		traces[key][text(rec, "trace_id")] = true
		if version == "1" && rec["action"] == "delete" && traces[app+" 2"] != nil {
			late[app] = true
		}
	}
	for app := range rolled {
		first, second := slices.Collect(maps.Keys(traces[app+" 1"])), slices.Collect(maps.Keys(traces[app+" 2"]))
		if len(first) != 1 || len(second) != 1 || first[0] == second[0] {
			t.Errorf("%s: traces of version 1 are %q, of version 2 %q", app, first, second)
		}
		if !late[app] {
			t.Errorf("%s: no pod of version 1 was deleted after version 2 began", app)
		}
	}
}

// checkAsked checks that each owner was requested once per rollout, whatever the number of
// its pods, and that nothing was refused.
func checkAsked(t *testing.T, asked []request, all []change) {
	t.Helper()
	for _, r := range asked {
		if r.verb != "get" || r.code != http.StatusOK {
			t.Errorf("request %+v", r)
		}
	}
	// The longest chain has two owners, and the kind of one has to be discovered.
	if n, most := len(asked), 2*len(rolloutsOf(all))+1; n > most {
		t.Errorf("%d requests, want at most %d", n, most)
	}
}

// checkRefused checks that each kind of owner was requested in each namespace, and not again
// after it was refused.
func checkRefused(t *testing.T, asked []request, first []change) {
	t.Helper()
	kinds, rollouts := map[string]bool{}, rolloutsOf(first)
	for _, r := range asked {
		kinds[r.namespace+"/"+r.resource] = true
		if r.verb != "get" || r.code != http.StatusForbidden ||
			!slices.Contains(slices.Collect(maps.Values(rollouts)), r.name) {
			t.Errorf("request %+v", r)
		}
	}
	want := []string{"default/jobs", "default/replicasets", "default/statefulsets", "elsewhere/replicasets"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(kinds))); diff != "" || len(asked) > len(rollouts) {
		t.Errorf("%d requests for (-want +got):\n%s", len(asked), diff)
	}
}

// rolloutsOf returns the controllers of pods, each with a revision, and their names.
func rolloutsOf(all []change) map[string]string {
	found := map[string]string{}
	for _, c := range all {
		for _, ref := range list(c.Pod, "metadata", "ownerReferences") {
			found[text(ref, "uid")+" "+revisionOf(c.Pod)] = text(ref, "name")
		}
	}
	return found
}

// hint returns the log message about owners that may not be read.
func hint(resource, group string) string {
	return fmt.Sprintf("owners: may not get %[1]s.%[2]s; the owner chains of pods end there; "+
		"allow it with {apiGroups: [%[2]s], resources: [%[1]s], verbs: [get]}", resource, group)
}

func checkWarnings(t *testing.T, l *logger, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(l.warnings()))); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
