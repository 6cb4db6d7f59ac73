//go:build node

package scenarios

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// What scenarios do to the node itself.

const (
	nodePath       = "/api/v1/nodes/node-1"
	staticManifest = "manifests/static.yaml"
)

func (s *stage) writeStaticPod(manifest string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, staticManifest), []byte(manifest), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) removeStaticPod() {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.Dir, staticManifest)); err != nil {
		s.t.Fatal(err)
	}
}

// offer makes the node advertise an extended resource.
func (s *stage) offer(resource, amount string) {
	s.t.Helper()
	s.send(s.t, http.MethodPatch, nodePath+"/status", "application/merge-patch+json",
		object{"status": object{"capacity": object{resource: amount}, "allocatable": object{resource: amount}}})
}

// taint taints the node for the time of the scenario.
func (s *stage) taint(key, effect string) {
	s.t.Helper()
	set := func(taints ...object) {
		s.send(s.t, http.MethodPatch, nodePath, "application/merge-patch+json", object{"spec": object{"taints": taints}})
	}
	s.repairs = append(s.repairs, func() { set() })
	set(object{"key": key, "effect": effect})
}

// silence ends a component with "stop" or "kill". The returned function starts it
// again, which the end of the scenario does, too.
func (s *stage) silence(action, component string) (start func()) {
	s.t.Helper()
	s.Component(s.t, action, component)
	start = sync.OnceFunc(func() { s.Component(s.t, "start", component) })
	s.repairs = append(s.repairs, start)
	return start
}

// cpus is the number of the node's CPUs.
func (s *stage) cpus() int {
	s.t.Helper()
	n, err := strconv.Atoi(text(s.get(s.t, nodePath), "status", "capacity", "cpu"))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// startsPods creates a pod, which shows that the node works again.
func (s *stage) startsPods(name string) {
	s.t.Helper()
	s.create(object{
		"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name},
		"spec": object{"containers": []any{object{"name": "app", "command": []any{"sleep", "1000"}}}},
	})
	s.await(name, "app ready info", 1)
}

// loseContainers removes all containers of the node behind the kubelet's back, so
// that it can't know how they ended.
func (s *stage) loseContainers() {
	s.t.Helper()
	for name := range strings.FieldsSeq(s.Run(s.t, "ctr", "containers", "list", "--quiet")) {
		s.Run(s.t, "sh", "-c", "ctr tasks kill --signal SIGKILL --all "+name+"; ctr tasks delete --force "+name+
			"; ctr containers delete "+name)
	}
}
