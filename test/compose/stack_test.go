package compose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// stack is what docker-compose.yaml runs.
type stack struct {
	*docker
	env []string // of Compose
}

// up starts all as a user does, and sees that all is healthy.
func up(t *testing.T, d *docker) *stack {
	t.Helper()
	s := &stack{docker: d}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := s.with(nil, s.env, "compose", "logs", "--tail=30")
			t.Logf("docker compose logs:\n%s", last(out, 12000))
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

// record is what a line of the logger, or a record in the store, has in common.
type record struct {
	seq                      int
	id, message, pod, bundle string
}

// told returns the records on the logger's stdout, from all its runs.
func (s *stack) told(t *testing.T) []record {
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

// await waits until the store has all that was told so far.
func (s *stack) await(t *testing.T) {
	t.Helper()
	told := s.told(t)
	eventually(t, "the store has what was told", func() error { return missing(told, stored(t, "*")) })
}

func missing(told, stored []record) error {
	for _, r := range told {
		if !slices.Contains(stored, r) {
			return fmt.Errorf("of %d records, %+v is not among the %d in the store", len(told), r, len(stored))
		}
	}
	return nil
}

// testHardened: the services can't write to their root file systems, have no
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

// testPaused: what happens while the Collector doesn't answer is in the store
// afterwards.
func testPaused(t *testing.T, s *stack) {
	s.await(t)
	s.compose(t, "pause", "collector")
	before := len(s.told(t))
	time.Sleep(20 * time.Second)
	told := s.told(t)
	if len(told)-before < 20 {
		t.Errorf("%d records were told meanwhile, want more", len(told)-before)
	}
	if missing(told, stored(t, "*")) == nil {
		t.Error("the store has all, so the pause proves nothing")
	}
	s.compose(t, "unpause", "collector")
	eventually(t, "the store has what was told", func() error { return missing(told, stored(t, "*")) })
}

// testRestarted: the logger goes on where it was.
func testRestarted(t *testing.T, s *stack) {
	before := len(s.told(t))
	s.compose(t, "restart", "logger")
	eventually(t, "the logger goes on", func() error {
		if n := len(s.told(t)); n < before+30 {
			return fmt.Errorf("%d records, %d before", n, before)
		}
		return nil
	})
}

// testComplete: over pause and restart, records were numbered without a gap, and
// the store has these and no others. One whose acknowledgement got lost in the
// pause may be there again, as it was, so with the same log.record.uid.
func testComplete(t *testing.T, s *stack) {
	s.compose(t, "stop", "logger")
	s.await(t)
	told, stored := s.told(t), stored(t, "*")
	for i, r := range told {
		if r.seq != i+1 {
			t.Fatalf("record %d is %+v", i+1, r)
		}
	}
	ids := map[string]bool{}
	for _, r := range stored {
		ids[r.id] = true
		if !slices.Contains(told, r) {
			t.Errorf("the store has %+v, which nobody told", r)
		}
	}
	if len(ids) != len(told) {
		t.Errorf("the store has %d records, %d were told", len(ids), len(told))
	}
	t.Logf("%d records were told, and all are in the store, %d of them again", len(told), len(stored)-len(ids))
}
