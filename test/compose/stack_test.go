package compose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// stack is the running docker-compose.yaml.
type stack struct {
	*docker
	env []string // of Compose
}

// up starts everything as a user does, and checks that it is healthy.
func up(t *testing.T, d *docker) *stack {
	t.Helper()
	s := &stack{docker: d}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := s.with(nil, s.env, "compose", "logs", "--tail=30")
			t.Logf("docker compose logs:\n%s", program.Tail(out))
		}
		s.compose(t, "down", "--volumes")
	})
	s.up(t)
	return s
}

// compose runs docker compose, which must succeed.
func (s *stack) compose(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.with(nil, s.env, append([]string{"compose"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *stack) up(t *testing.T) {
	t.Helper()
	s.compose(t, "up", "-d", "--wait")
	var healthy []string
	for line := range strings.Lines(s.compose(t, "ps", "--format=json")) {
		var service struct{ Service, Health string }
		if err := json.Unmarshal([]byte(line), &service); err != nil {
			t.Fatal(err)
		}
		if service.Health == "healthy" {
			healthy = append(healthy, service.Service)
		}
	}
	if slices.Sort(healthy); fmt.Sprint(healthy) != "[collector logger store]" {
		t.Errorf("healthy are %v", healthy)
	}
}

// record has the fields that lines of the logger and records in the store have in common.
type record struct {
	seq                      int
	id, message, pod, bundle string
}

// emitted returns the records on the logger's stdout, from all its runs.
func (s *stack) emitted(t *testing.T) []record {
	t.Helper()
	var all []record
	for line := range strings.Lines(s.compose(t, "logs", "--no-log-prefix", "logger")) {
		if !strings.Contains(line, `"record_id"`) { // the logger's own log
			continue
		}
		var r struct {
			Seq    int
			ID     string `json:"record_id"`
			Msg    string
			Pod    string
			Bundle string `json:"bundle.id"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, record{r.Seq, r.ID, r.Msg, r.Pod, r.Bundle})
	}
	return all
}

// await waits until the store has all records so far.
func (s *stack) await(t *testing.T) {
	t.Helper()
	emitted := s.emitted(t)
	wait.NoError(t, "the store has all records", func() error { return missing(emitted, stored(t, "*")) })
}

func missing(emitted, stored []record) error {
	for _, r := range emitted {
		if !slices.Contains(stored, r) {
			return fmt.Errorf("of %d records, %+v is not among the %d in the store", len(emitted), r, len(stored))
		}
	}
	return nil
}

// testHardened checks that the services can't write to their root file systems, have no
// capabilities, can't get any, and listen on the loopback interface only.
func testHardened(t *testing.T, s *stack) {
	const format = `{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}
{{range .HostConfig.PortBindings}}{{range .}}{{.HostIp}}
{{end}}{{end}}`
	for id := range strings.FieldsSeq(s.compose(t, "ps", "--quiet")) {
		limits, ports, _ := strings.Cut(s.run(t, "inspect", "--format="+format, id), "\n")
		if limits != "true [ALL] [no-new-privileges:true]" {
			t.Errorf("%s: %s", id, limits)
		}
		for port := range strings.FieldsSeq(ports) {
			if port != "127.0.0.1" {
				t.Errorf("%s listens on %s", id, port)
			}
		}
	}
}

// testPaused checks that records of the time when the Collector was paused reach the store.
func testPaused(t *testing.T, s *stack) {
	s.await(t)
	s.compose(t, "pause", "collector")
	before := len(s.emitted(t))
	var emitted []record
	wait.NoError(t, "20 records are emitted meanwhile", func() error {
		if emitted = s.emitted(t); len(emitted) < before+20 {
			return fmt.Errorf("%d", len(emitted)-before)
		}
		return nil
	})
	if missing(emitted, stored(t, "*")) == nil {
		t.Error("the store has all, so the pause proves nothing")
	}
	s.compose(t, "unpause", "collector")
	wait.NoError(t, "the store has all records", func() error { return missing(emitted, stored(t, "*")) })
}

// testRestarted checks that the logger resumes.
func testRestarted(t *testing.T, s *stack) {
	before := len(s.emitted(t))
	s.compose(t, "restart", "logger")
	wait.NoError(t, "the logger resumes", func() error {
		if n := len(s.emitted(t)); n < before+30 {
			return fmt.Errorf("%d records, %d before", n, before)
		}
		return nil
	})
}

// testComplete checks that records were numbered without a gap over pause and restart, and that
// the store has these and no others. A record whose acknowledgement got lost in the pause may
// be there twice, with the same log.record.uid.
func testComplete(t *testing.T, s *stack) {
	s.compose(t, "stop", "logger")
	s.await(t)
	emitted, stored := s.emitted(t), stored(t, "*")
	for i, r := range emitted {
		if r.seq != i+1 {
			t.Fatalf("record %d is %+v", i+1, r)
		}
	}
	ids := map[string]bool{}
	for _, r := range stored {
		ids[r.id] = true
		if !slices.Contains(emitted, r) {
			t.Errorf("the store has %+v, which the logger did not emit", r)
		}
	}
	if len(ids) != len(emitted) {
		t.Errorf("the store has %d records, %d were emitted", len(ids), len(emitted))
	}
	t.Logf("%d records were emitted, and all are in the store, %d of them twice", len(emitted), len(stored)-len(ids))
}
