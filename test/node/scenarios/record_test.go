//go:build node

package scenarios

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// event is a line of a recording, as "kubectl get pods --watch --output-watch-events
// --output json" prints it.
type event struct {
	Type   string `json:"type"`
	Object object `json:"object"`
}

// record writes the watch stream of each scenario, in place of the recordings of an
// earlier version.
func (r *rehearsal) record(t *testing.T, dir string) {
	t.Helper()
	if *chosen == "" {
		old, err := filepath.Glob(filepath.Join(dir, "*.*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range old {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range r.ends {
		stream := r.recording(t, name)
		if err := os.WriteFile(filepath.Join(dir, name+".jsonl"), []byte(stream), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// recording returns the watch stream of a scenario, one pod after the other.
func (r *rehearsal) recording(t *testing.T, name string) string {
	t.Helper()
	changes := r.history.of(name, "*", 0)
	born := map[string]int{}
	for i, c := range changes {
		if c.Type == "ADDED" {
			born[pod{c.Pod}.uid()] = i
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int {
		return cmp.Or(strings.Compare(origin(a.Pod), origin(b.Pod)), born[pod{a.Pod}.uid()]-born[pod{b.Pod}.uid()])
	})
	var stream strings.Builder
	for i, c := range changes {
		p := trimmed(c.Pod)
		p["metadata"] = maps.Clone(at(p, "metadata"))
		at(p, "metadata")["resourceVersion"] = strconv.Itoa(i + 1)
		line, err := json.Marshal(event{c.Type, p})
		if err != nil {
			t.Fatal(err)
		}
		stream.Write(append(line, '\n'))
	}
	// The folder of the node's data appears in messages.
	return stable(strings.ReplaceAll(stream.String(), r.Dir, "/node"), changes)
}

// trimmed returns the parts of a pod that records depend on, without addresses and
// most of the spec.
func trimmed(p object) object {
	spec := only(at(p, "spec"), "nodeName", "restartPolicy", "terminationGracePeriodSeconds", "readinessGates")
	for _, group := range []string{"initContainers", "containers", "ephemeralContainers"} {
		var containers []object
		for _, c := range list(p, "spec", group) {
			containers = append(containers, only(c, "name", "image", "restartPolicy"))
		}
		if containers != nil {
			spec[group] = containers
		}
	}
	status := maps.Clone(at(p, "status"))
	maps.DeleteFunc(status, func(key string, _ any) bool {
		return slices.Contains([]string{"hostIP", "hostIPs", "podIP", "podIPs", "qosClass", "observedGeneration"}, key)
	})
	for _, group := range []string{"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"} {
		var statuses []object
		for _, c := range list(p, "status", group) {
			c = maps.Clone(c)
			maps.DeleteFunc(c, func(key string, _ any) bool {
				return slices.Contains([]string{"allocatedResources", "resources", "user", "volumeMounts"}, key)
			})
			statuses = append(statuses, c)
		}
		if statuses != nil {
			status[group] = statuses
		}
	}
	o := maps.Clone(p)
	o["spec"], o["status"] = spec, status
	return o
}

// only returns the named keys of an object.
func only(o object, keys ...string) object {
	some := object{}
	for _, key := range keys {
		if v, ok := o[key]; ok {
			some[key] = v
		}
	}
	return some
}
