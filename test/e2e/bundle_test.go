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

// TestBundles: what managers mark on the top objects is on every record of their
// pods, with a trace for each version, where the program may look owners up.
func TestBundles(t *testing.T) {
	dir := t.TempDir()
	c := startCluster(t, auditArgs(t, dir)...)
	grant(c)
	collector := startCollector(t, dir)
	logger := startLogger(t, dir, c.Info.OwnersKubeconfig, collector)

	ship(c)
	shipNext(c)
	recall(c)

	all := c.history()
	logger.awaitTold(all)
	checkWarnings(t, logger, nil)
	plugins := descendants(t, logger.cmd.Process.Pid)
	logger.stop()
	checkGone(t, plugins)
	collector.stop()

	lines := checkShipped(t, logger, all, withOwners)
	checkCollector(t, lines, collector.received())
	checkTraces(t, lines)
	asked := requestsOf(t, dir)
	checkAsked(t, asked, all)
	t.Logf("changes=%d records=%d rollouts=%d look-ups=%d", len(all), len(lines), len(rolloutsOf(all)), len(asked))
}

// TestPodsRuleAlone: with list and watch on pods and nothing else the program
// works, tells the bundles that pods tell themselves, and says what more it could
// do. In the end it is killed.
func TestPodsRuleAlone(t *testing.T) {
	dir := t.TempDir()
	c := startCluster(t, auditArgs(t, dir)...)
	logger := startLogger(t, dir, c.Info.LoggerKubeconfig, nil)

	ship(c)
	first := c.history()
	logger.awaitPods(first)
	shipNext(c)
	recall(c)

	all := c.history()
	logger.awaitTold(all)
	checkShipped(t, logger, all, podsAlone)
	checkWarnings(t, logger, []string{
		hint("jobs", "batch"), hint("replicasets", "apps"), hint("statefulsets", "apps"),
	})
	checkRefused(t, requestsOf(t, dir), first)
	if n := int(logger.metric(`pod_status_logger_owner_lookups_total{outcome="forbidden"}`)); n == 0 || n > len(rolloutsOf(all)) {
		t.Errorf("%d look-ups for %d rollouts", n, len(rolloutsOf(all)))
	}
	checkKill(t, logger)
}

// grant lets the user of the owners' kubeconfig do what docs/bundles.md says that
// look-ups need.
func grant(c *cluster) {
	_, rest, ok := strings.Cut(read(c.t, bundlesPage), "```yaml\napiVersion: rbac.authorization.k8s.io/v1\n")
	role, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		c.t.Fatal("docs/bundles.md has no role")
	}
	const rbac = "/apis/rbac.authorization.k8s.io/v1"
	made := c.send(http.MethodPost, rbac+"/clusterroles", "application/yaml", []byte("apiVersion: rbac.authorization.k8s.io/v1\n"+role))
	c.do(http.MethodPost, rbac+"/clusterrolebindings", object{
		"metadata": object{"name": text(made, "metadata", "name")},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": text(made, "metadata", "name")},
		"subjects": []object{{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "pod-status-logger-owners"}},
	})
}

// checkShipped compares all records with what the witness expects, bundles and
// traces included, and returns them. None may tell of a failure in the field
// enrichment, as the witness knows no such field.
func checkShipped(t *testing.T, l *logger, all []change, bundleOf func(pod object) object) []object {
	t.Helper()
	lines := stdoutRecords(t, read(t, l.stdout))
	o := expect(all, gapsOf(t, read(t, l.stderr), all, lines), lines)
	o.addBundles(all, func(pod object) object { return fieldsOf(pod, bundleOf(pod)) })
	checkNumbers(t, lines)
	checkRecords(t, o, lines)
	return lines
}

// checkTraces says in other words what the witness expects: the pods of a rollout
// share a trace, those of the next one have another, and what is told of the old
// ones while these start stays in the old one.
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

// checkAsked: each owner is asked for once for a rollout, however many pods that
// has, and nothing is refused.
func checkAsked(t *testing.T, asked []request, all []change) {
	t.Helper()
	for _, r := range asked {
		if r.verb != "get" || r.code != http.StatusOK {
			t.Errorf("asked for %+v", r)
		}
	}
	// The longest chain has two owners, and the kind of one has to be discovered.
	if n, most := len(asked), 2*len(rolloutsOf(all))+1; n > most {
		t.Errorf("%d requests, want at most %d", n, most)
	}
}

// checkRefused: each kind of owner was asked for in each namespace, at first, and
// not again once that was refused.
func checkRefused(t *testing.T, asked []request, first []change) {
	t.Helper()
	kinds, rollouts := map[string]bool{}, rolloutsOf(first)
	for _, r := range asked {
		kinds[r.namespace+"/"+r.resource] = true
		if r.verb != "get" || r.code != http.StatusForbidden || !slices.Contains(slices.Collect(maps.Values(rollouts)), r.name) {
			t.Errorf("asked for %+v", r)
		}
	}
	want := []string{"default/jobs", "default/replicasets", "default/statefulsets", "elsewhere/replicasets"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(kinds))); diff != "" || len(asked) > len(rollouts) {
		t.Errorf("%d requests for (-want +got):\n%s", len(asked), diff)
	}
}

// rolloutsOf are the controllers of pods, each with a revision, and their names.
func rolloutsOf(all []change) map[string]string {
	found := map[string]string{}
	for _, c := range all {
		for _, ref := range list(c.Pod, "metadata", "ownerReferences") {
			found[text(ref, "uid")+" "+revisionOf(c.Pod)] = text(ref, "name")
		}
	}
	return found
}

// hint is what the log says where owners of a kind may not be read.
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
