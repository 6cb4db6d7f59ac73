package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
)

// demoRecord has the fields that these tests check.
type demoRecord struct {
	Seq           int    `json:"seq"`
	ID            string `json:"record_id"`
	Action        string `json:"action"`
	PodUID        string `json:"pod_uid"`
	BundleID      string `json:"bundle.id"`
	BundleVersion string `json:"bundle.version"`
	TraceID       string `json:"trace_id"`
}

func demoRecords(t *testing.T, stdout string) (all []demoRecord) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var r demoRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// roundRecords is more than the number of records of the script.
const roundRecords = 80

// TestDemoRepeats: each round has other pods and another rollout.
func TestDemoRepeats(t *testing.T) {
	p := start(t, nil, "demo", "--repeat", "--pace=1ms")
	p.await(3 * roundRecords)
	p.signal()
	stdout, stderr, status := p.wait()
	if status != cli.ExitOK || stderr != "" && !strings.Contains(stderr, "stopping") {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	ids, created, traces := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, r := range demoRecords(t, stdout) {
		if ids[r.ID] {
			t.Errorf("record %s is there twice", r.ID)
		}
		ids[r.ID] = true
		if r.Action == "create" && created[r.PodUID] {
			t.Errorf("pod %s is created twice", r.PodUID)
		}
		created[r.PodUID] = created[r.PodUID] || r.Action == "create"
		if r.BundleID == "helm/shop/cart" {
			traces[r.BundleVersion] = r.TraceID
		}
	}
	if traces["2.4.2"] == "" || traces["2.4.2"] == traces["2.4.1"] {
		t.Errorf("the traces of the versions of cart are %v", traces)
	}
}

// TestDemoIsServed: with an address, the demo serves its health, for the health check of
// the image.
func TestDemoIsServed(t *testing.T) {
	address := freeport.Address(t)
	p := start(t, map[string]string{"POD_STATUS_LOGGER_LISTEN": address}, "demo", "--repeat", "--pace=1ms")
	p.await(1)
	awaitReady(t, address)
	p.signal()
	if _, stderr, status := p.wait(); status != cli.ExitOK {
		t.Errorf("exit status %d, stderr %s", status, stderr)
	}
}

// TestDemoGoesOn: with a state directory, seqs continue after a restart, and the pods of
// the earlier run are deleted.
func TestDemoGoesOn(t *testing.T) {
	for name, lines := range map[string]int{"at once": 1, "within the first round": 20, "later": roundRecords + 20} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			run := func(lines int) []demoRecord {
				p := start(t, nil, "demo", "--repeat", "--pace=1ms", "--state-dir="+dir)
				p.await(lines)
				p.signal()
				stdout, stderr, status := p.wait()
				if status != cli.ExitOK {
					t.Fatalf("exit status %d, stderr %s", status, stderr)
				}
				return demoRecords(t, stdout)
			}
			before := run(lines)
			all := slices.Concat(before, run(20))
			alive, ids := map[string]bool{}, map[string]bool{}
			for i, r := range all {
				if r.Seq != i+1 || ids[r.ID] {
					t.Fatalf("record %d has seq %d and id %s", i+1, r.Seq, r.ID)
				}
				ids[r.ID] = true
				alive[r.PodUID] = r.PodUID != "" && r.Action != "delete"
			}
			for _, r := range before {
				if alive[r.PodUID] {
					t.Errorf("pod %s of the run before is not deleted", r.PodUID)
				}
			}
		})
	}
}

// TestDemoLeavesTheJournalAlone: the demo ignores the journal and the address of the
// file, which are of another cluster.
func TestDemoLeavesTheJournalAlone(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	state := filepath.Join(dir, "state")
	file := "apiVersion: podstatus/v1alpha1\nkind: Config\nstate: {dir: " + state +
		"}\ntelemetry: {listen: 'nowhere.invalid:1'}\n"
	if err := os.WriteFile(config, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := start(t, nil, "demo", "--pace=0s", "--config="+config).wait(); status != cli.ExitOK {
		t.Errorf("exit status %d, stderr %s", status, stderr)
	}
	if found, _ := filepath.Glob(state); found != nil {
		t.Errorf("the demo wrote to %s", state)
	}
}
