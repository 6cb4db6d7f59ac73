package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
)

// TestRecordsPage checks that the tables in docs/records.md are those of the code.
func TestRecordsPage(t *testing.T) {
	const page = "docs/records.md"
	places := map[record.Place]string{record.Own: "record", record.Resource: "resource", record.Attribute: "attribute"}
	var rows [][]string
	for _, f := range record.Fields() {
		rows = append(rows,
			[]string{cmp.Or(code(f.Key), "–"), cmp.Or(code(f.OTLP), "–"), places[f.Place], fmt.Sprint(f.Type), f.Present})
	}
	rows = append(rows,
		[]string{
			"each label, under its own key", "`k8s.pod.label.<key>`", "attribute", "string", "always, also with an empty value",
		},
		[]string{
			"attributes of plugins", "the same key", "attribute", "string, bool, int or float",
			"under the plugin's name and a dot",
		})
	generated(t, page, "fields", table("| on stdout | over OTLP | where | type | present |", rows))
	generated(t, page, "container states", table("| container | `state` | `level` |", status.ContainerTable()))
	generated(t, page, "summary states", table("| pod | `state` | `level` |", status.SummaryTable()))
	generated(t, page, "conditions",
		table("| condition | beside records about containers | `level` |", status.ConditionTable()))
	generated(t, page, "examples", table("| record | `level` | `msg` |", exampleRows(t)))
}

// example is a record type and its place in a golden of package status: the first line of the
// file that contains the words.
type example struct{ what, file, words string }

func examples() []example {
	return []example{
		{"pod created", "pod-facts", "was created"},
		{"pod existed before the first start", "initial", "already existed"},
		{"scheduled", "seed", "was scheduled"},
		{"container about to start", "seed", "ContainerCreating"},
		{"container runs", "readiness", "not ready yet"},
		{"container is ready", "readiness", "running and ready"},
		{"container lost its readiness", "readiness", "no longer ready"},
		{"container can't start", "seed", "ErrImagePull"},
		{"container waits for its next attempt", "seed", "ImagePullBackOff"},
		{"container waits for its restart", "node/crash-loop", "CrashLoopBackOff"},
		{"container ended well", "node/job", "exit code 0"},
		{"container failed", "node/job", "exit code 2"},
		{"container ran out of memory", "hidden-crash", "OOMKilled"},
		{"container failed because of its pod", "situations/evicted-one-patch", "(pod reason: Evicted)"},
		{"container was lost", "lost-container", "ContainerStatusUnknown"},
		{"container never started", "node/image-pull", "never started"},
		{"container is restarted with all others", "node/restart-all", "RestartingAllContainers"},
		{"device is unhealthy", "situations/gpu-unhealthy", "has an unhealthy device"},
		{"device is healthy again", "situations/gpu-unhealthy", "has a healthy device"},
		{"device's health is unknown", "devices", "health is unknown"},
		{"running container with an unhealthy device", "devices", "with an unhealthy device"},
		{"pod failed with a reason", "situations/evicted-one-patch", "failed: Evicted"},
		{"pod failed because of a container", "node/job", "failed: Error"},
		{"pod failed without a reason", "situations/failed-with-exit-0", "apply-job-7fz2c failed"},
		{"pod succeeded", "node/job", "succeeded"},
		{"pod's phase is Unknown", "pod-causes", "in phase Unknown"},
		{"status has a reason, but the pod has not ended", "pod-facts", "has status reason"},
		{"phase changed otherwise", "pod-facts", "is in phase"},
		{"deletion requested", "deletion", "is being deleted with "},
		{"deletion of a disrupted pod", "node/preemption", "s: PreemptionByScheduler"},
		{"grace period changed", "deletion", "now with "},
		{"labels changed", "summary", "labels changed"},
		{"any other update, with `updates: all`", "every-update", "was updated"},
		{"disruption", "node/preemption", "is being evicted"},
		{"disruption by a controller that deletes pods", "situations/node-dies", "is about to be deleted"},
		{"disruption of a pod that has failed", "situations/evicted-one-patch", "was disrupted"},
		{"disruption withdrawn", "disruption", "no longer being evicted"},
		{"scheduling gate", "node/gated", "SchedulingGated"},
		{"unschedulable", "scheduling", "Unschedulable"},
		{"resize deferred", "upgrade", "is waiting to be resized"},
		{"resize infeasible", "node/resize", "can't be resized"},
		{"resize in progress", "upgrade", "is being resized"},
		{"resize failed", "resize", "could not be resized"},
		{"resize no longer pending", "upgrade", "no longer waiting"},
		{"resize ended", "upgrade", "no longer being resized"},
		{"restart of all containers", "node/restart-all", "is restarting all its"},
		{"restart of all containers ended", "node/restart-all", "no longer restarting"},
		{"node does not report", "situations/node-dies", "is not ready although"},
		{"pod not ready", "conditions", "is not ready: NodeNotReady"},
		{"readiness unknown", "conditions", "Ready=Unknown"},
		{"pod ready again", "conditions", "is ready"},
		{"readiness gate False", "node/readiness-gate", "fails readiness gate"},
		{"readiness gate True", "node/readiness-gate", "passes readiness gate"},
		{"other condition", "conditions", "has condition"},
		{"condition removed", "conditions", "no longer has condition"},
		{"containers not ready", "conditions", "has containers that are not ready"},
		{"sandbox lost", "conditions", "lost its sandbox"},
		{"no longer initialized", "conditions", "no longer initialized"},
		{"pod deleted", "deletion", "was deleted"},
		{"pod deleted for a cause", "node/preemption", "was deleted: "},
	}
}

// exampleRows returns a row for each record type.
func exampleRows(t *testing.T) (rows [][]string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^  \S+ (\S+) .* msg=(".*")$`)
	for _, e := range examples() {
		found := false
		for _, m := range line.FindAllStringSubmatch(readDoc(t, "core/status/testdata/"+e.file+".txt"), -1) {
			message, err := strconv.Unquote(m[2])
			if err != nil {
				t.Fatal(err)
			}
			if found = strings.Contains(message, e.words); found {
				rows = append(rows, []string{e.what, m[1], message})
				break
			}
		}
		if !found {
			t.Errorf("%s.txt has no record with %q", e.file, e.words)
		}
	}
	return rows
}
