//go:build node

package scenarios

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// scenario is a story in the life of pods, and the records that it has to give.
type scenario struct {
	name    string // and its namespace
	objects string // YAML
	// steps follow once the objects are created.
	steps func(s *stage)
	// want is a table of records; see expectations.
	want string
	// alone: the steps disturb the whole node, so no other scenario runs meanwhile.
	alone bool
}

// stage plays one scenario.
type stage struct {
	t *testing.T
	node
	history *history
	ns      string
	repairs []func() // undo what the steps did to the node
}

// play plays a scenario until the history has what the table wants.
func (s *stage) play(x scenario) {
	s.t.Helper()
	defer s.repair()
	s.post(s.t, "/api/v1/namespaces", object{"metadata": object{"name": s.ns}})
	for _, o := range objects(s.t, x.objects) {
		s.create(o)
	}
	if x.steps != nil {
		x.steps(s)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), nodetest.Patience)
	defer cancel()
	for _, e := range expectations(x.want) {
		if err := s.history.await(ctx, func() bool { return s.missing(e) == "" }); err != nil {
			s.history.mu.Lock()
			s.t.Errorf("the history lacks (%v):\n%s", err, s.missing(e))
			s.history.mu.Unlock()
		}
	}
}

// repair undoes what the steps did to the node and have not undone themselves.
func (s *stage) repair() {
	for _, undo := range slices.Backward(s.repairs) {
		undo()
	}
}

// missing returns what the history does not have yet of an expectation.
func (s *stage) missing(e *expectation) string {
	var got strings.Builder
	names := s.podNames(e.pods)
	for _, name := range names {
		if text := e.lines(s.records(name)); !e.records.MatchString(text) {
			fmt.Fprintf(&got, "%s %s, want:\n%sbut there is:\n%s", name, e.subject, e.text, text)
		}
	}
	if len(names) == 0 {
		return e.pods + ": no such pod"
	}
	return got.String()
}

// podNames returns the names of the namespace's pods that match a pattern.
func (s *stage) podNames(pattern string) (names []string) {
	seen := map[string]bool{}
	for _, c := range s.history.of(s.ns, pattern, 0) {
		if name := (pod{c.Pod}).name(); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// only returns the name of the only pod that matches a pattern.
func (s *stage) only(pattern string) string {
	s.t.Helper()
	s.history.mu.Lock()
	names := s.podNames(pattern)
	s.history.mu.Unlock()
	if len(names) != 1 {
		s.t.Fatalf("pods %s: %q, want one", pattern, names)
	}
	return names[0]
}

// create creates an object in the scenario's namespace.
func (s *stage) create(o object) {
	s.t.Helper()
	s.node.create(s.t, s.ns, o)
}

// apply creates objects in the middle of a scenario.
func (s *stage) apply(stream string) {
	s.t.Helper()
	for _, o := range objects(s.t, stream) {
		s.create(o)
	}
}

func (s *stage) path(kind, name string) string {
	groups := map[string]string{
		"pods": "/api/v1", "configmaps": "/api/v1", "jobs": "/apis/batch/v1", "cronjobs": "/apis/batch/v1",
		"deployments": "/apis/apps/v1",
	}
	return groups[kind] + "/namespaces/" + s.ns + "/" + kind + "/" + name
}

// update patches an object; name may end with a subresource.
func (s *stage) update(kind, name string, patch object) {
	s.t.Helper()
	s.patch(s.t, s.path(kind, name), patch)
}

func (s *stage) delete(kind, name string) {
	s.t.Helper()
	s.remove(s.t, s.path(kind, name))
}

// evict evicts a pod by the API, as kubectl drain does.
func (s *stage) evict(name string) {
	s.t.Helper()
	s.post(s.t, s.path("pods", name)+"/eviction", object{
		"apiVersion": "policy/v1", "kind": "Eviction", "metadata": object{"name": name, "namespace": s.ns},
	})
}

// await waits until a pod whose name matches the pattern has had a record with
// that line, as often as times.
func (s *stage) await(pods, want string, times int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), nodetest.Patience)
	defer cancel()
	err := s.history.await(ctx, func() bool {
		n := 0
		for _, rec := range s.records(pods) {
			if match, _ := path.Match(want, line(rec)); match {
				n++
			}
		}
		return n >= times
	})
	if err != nil {
		s.t.Fatalf("wait until %s has had %q %d times: %v; it had:\n%s", pods, want, times, err, s.seen(pods))
	}
}

// awaitPod waits until the latest version of a pod meets a condition.
func (s *stage) awaitPod(name, what string, condition func(p pod) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), nodetest.Patience)
	defer cancel()
	var latest pod
	err := s.history.await(ctx, func() bool {
		all := s.history.of(s.ns, name, 0)
		if len(all) == 0 {
			return false
		}
		latest = pod{all[len(all)-1].Pod}
		return condition(latest)
	})
	if err != nil {
		s.t.Fatalf("wait until %s %s: %v; it is %s", name, what, err, canonical(at(latest.object, "status")))
	}
}

// records returns the oracle's records of the pods whose names match the pattern. The
// history's lock has to be held.
func (s *stage) records(pods string) (all []object) {
	for _, c := range s.history.of(s.ns, pods, 0) {
		all = append(all, c.records...)
	}
	return all
}

// seen returns the lines of the records so far.
func (s *stage) seen(pods string) string {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	return lines(s.records(pods))
}

// exec runs a shell command in a container, by way of the kubelet.
func (s *stage) exec(pod, container, command string) {
	s.t.Helper()
	s.Run(s.t, "kubectl", "--namespace", s.ns, "exec", pod, "--container", container, "--", "sh", "-c", command)
}

// gone waits until the namespace has no pods.
func (s *stage) gone() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), nodetest.Patience)
	defer cancel()
	return s.history.await(ctx, func() bool {
		alive := map[string]bool{}
		for _, c := range s.history.of(s.ns, "*", 0) {
			alive[(pod{c.Pod}).uid()] = c.Type != "DELETED"
		}
		for _, is := range alive {
			if is {
				return false
			}
		}
		return true
	})
}

// leave deletes what the scenario created.
func (s *stage) leave() {
	s.t.Helper()
	s.remove(s.t, "/api/v1/namespaces/"+s.ns)
}

func (n node) get(t *testing.T, path string) object {
	t.Helper()
	return n.send(t, http.MethodGet, path, "application/json", nil)
}
