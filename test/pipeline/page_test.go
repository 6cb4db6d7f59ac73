//go:build e2e

package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
)

// TestPage follows docs/collector.md in one shell and in a folder that looks like a clone:
// the commands succeed and print the output of the page.
func TestPage(t *testing.T) {
	const page = root + "docs/collector.md"
	dir, temporary, log := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "log")
	for _, name := range []string{"bin", "test", "otel-collector.yaml"} {
		target, err := filepath.Abs(root + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of the log of the programs in the background:\n%s", tail(read(t, log)))
		}
	})
	steps, setup := steps(t, page, log)
	shell := docblocks.Shell{Dir: dir, Env: append(os.Environ(), "TMPDIR="+temporary), Setup: setup}
	shell.Check(t, steps)
	for folder, want := range map[string]int{dir: 3, temporary: 0} {
		if left, err := os.ReadDir(folder); err != nil || len(left) != want {
			t.Errorf("the page leaves %v behind, %v", left, err)
		}
	}
}

// steps returns the steps of the page, with ports of this test's own and with a file for the
// output of commands in the background, and a script to run before them.
func steps(t *testing.T, page, log string) (steps []docblocks.Step, setup string) {
	t.Helper()
	port := func() string { _, port, _ := strings.Cut(freeport.Address(t), ":"); return port }
	store, grpc, metrics := port(), port(), port()
	ports := strings.NewReplacer(":9428", ":"+store, ":4317", ":"+grpc, ":8888", ":"+metrics)
	outputs := 0
	for _, step := range docblocks.Steps(t, docblocks.Read(t, page)) {
		step.Command = ports.Replace(step.Command)
		switch background, ok := strings.CutSuffix(step.Command, "&"); {
		case strings.HasPrefix(step.Command, "make "):
			continue // make collector-test has run it
		case step.Want != "":
			outputs++
			step.Command = "soon " + docblocks.Quote(step.Want) + " " + docblocks.Quote(step.Command)
		case ok:
			step.Command = background + ">> " + log + " 2>&1 &"
		}
		steps = append(steps, step)
	}
	if len(steps) < 18 || outputs < 3 {
		t.Fatalf("docs/collector.md has %d steps, %d of them with an output", len(steps), outputs)
	}
	return steps, strings.Join([]string{
		// The page says that records are in the store after a few seconds.
		`soon() { for _ in {1..600}; do out=$(eval "$2"); [[ $out == "${1%$'\n'}" ]] && break; sleep .2; done; echo "$out"; }`,
		"trap 'kill -9 $(jobs -p) 2> /dev/null || true; wait' EXIT",
		"export PODSTATUS_LOGS_ENDPOINT=http://localhost:" + store + "/insert/opentelemetry PODSTATUS_OTLP_GRPC=localhost:" +
			grpc,
		"export PODSTATUS_OTLP_HTTP=" + freeport.Address(t) + " PODSTATUS_HEALTH=" + freeport.Address(t) +
			" PODSTATUS_METRICS_PORT=" + metrics,
	}, "\n")
}
