package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTerminations checks which terminations the oracle expects a record for. Each status
// of the only container is "STATE RESTARTS LAST": letters are terminated runs, - is none.
func TestTerminations(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []string
		want     []string
	}{
		"each end was a state": {
			[]string{"running 0 -", "a 0 -", "waiting 0 a", "running 1 a"},
			[]string{"running 0", "terminated a 0", "waiting 0", "running 1"},
		},
		"a hidden end": {
			[]string{"running 0 -", "running 1 a", "running 2 b"},
			[]string{"running 0", "terminated a 0", "running 1", "terminated b 1", "running 2"},
		},
		"a hidden end before back-off": {
			[]string{"running 0 -", "waiting 0 a"},
			[]string{"running 0", "terminated a 0", "waiting 0"},
		},
		// The kubelet and another writer of the status overlap: an older version of the
		// status comes back, and then the newer one.
		"an older end comes back": {
			[]string{"running 0 -", "a 0 -", "running 1 a", "running 2 b", "running 2 a", "running 2 b", "running 3 c"},
			[]string{"running 0", "terminated a 0", "running 1", "terminated b 1", "running 2", "terminated c 2", "running 3"},
		},
		"an older end comes back with its count": {
			[]string{"running 0 -", "running 1 a", "b 1 a", "waiting 1 b", "running 1 a", "running 2 b"},
			[]string{"running 0", "terminated a 0", "running 1", "terminated b 1", "waiting 1", "running 1", "running 2"},
		},
		"the last end vanishes and comes back": {
			[]string{"running 1 a", "running 1 -", "running 1 a"},
			[]string{"terminated a 0", "running 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			all := []change{podChange("ADDED", 1, nil)}
			for i, status := range c.statuses {
				all = append(all, podChange("MODIFIED", i+2, containerStatus(status)))
			}
			var got []string
			for _, rec := range expect(all, nil, nil).expected["a"][1:] { // behind create
				words := []string{text(rec, "state"), text(rec, "info"), fmt.Sprint(rec["restart_count"])}
				got = append(got, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// podChange returns a version of a pod with one container, which may have no status.
func podChange(kind string, revision int, status object) change {
	p := object{
		"metadata": object{"name": "a", "namespace": "default", "uid": "a", "resourceVersion": strconv.Itoa(revision)},
		"spec":     object{"containers": []any{object{"name": "app"}}},
		"status":   object{"phase": "Running"},
	}
	if status != nil {
		at(p, "status")["containerStatuses"] = []any{status}
	}
	return change{Type: kind, ResourceVersion: strconv.Itoa(revision), Pod: p, revision: int64(revision)}
}

// containerStatus parses "STATE RESTARTS LAST".
func containerStatus(s string) object {
	words := strings.Fields(s)
	terminated := func(run string) object {
		if run == "-" {
			return object{}
		}
		return object{"terminated": object{"containerID": run, "message": run, "exitCode": 1.0}}
	}
	state := terminated(words[0])
	switch words[0] {
	case "running":
		state = object{"running": object{}}
	case "waiting":
		state = object{"waiting": object{"reason": "CrashLoopBackOff"}}
	}
	restarts := float64(words[1][0] - '0')
	return object{
		"name": "app", "ready": false, "restartCount": restarts, "state": state, "lastState": terminated(words[2]),
	}
}
