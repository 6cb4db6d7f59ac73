package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
)

// TestDeliveryPage runs the commands of docs/delivery.md after two runs of the program.
// They find duplicate and missing records.
func TestDeliveryPage(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	receiver := otlptest.Unreachable(t, otlptest.Options{})
	k := newKeeper(t, server, receiver, "--shutdown-timeout=100ms")
	for i := range 5 {
		server.Create(somePod("shop", webPod(i)))
	}
	k.start()
	k.await(5)
	k.restart(func() { server.Create(somePod("shop", webPod(5))) })
	k.await(6)
	k.stop()

	dir := filepath.Dir(k.dir)
	linkSelf(t, dir)
	lines := strings.SplitAfter(strings.TrimSuffix(readFile(t, k.stdout), "\n"), "\n")
	record := func(lines []string) {
		if err := os.WriteFile(filepath.Join(dir, "records.jsonl"), []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var checks []string // the commands about records.jsonl
	record(lines)
	for _, step := range stepsOf(t, "docs/delivery.md") {
		command := strings.Replace(step.Command, " 17 18", "", 1) // there are no dead letters here
		if out := shell(t, dir, command); strings.Contains(step.Command, "records.jsonl") {
			checks = append(checks, step.Command)
		} else if strings.Contains(step.Command, "dump") && strings.Count(out, "\n") != 6 {
			t.Errorf("%s prints\n%s", step.Command, out)
		}
	}
	if len(checks) != 2 {
		t.Fatalf("docs/delivery.md has %d commands about records.jsonl, want 2", len(checks))
	}
	for name, c := range map[string]struct {
		lines []string
		want  [2]string
	}{
		"all":     {lines, [2]string{"0\n", ""}},
		"again":   {slices.Concat(lines[:3], lines[2:]), [2]string{"1\n", ""}},
		"missing": {slices.Concat(lines[:2], lines[4:]), [2]string{"0\n", "missing: 3 to 4\n"}},
	} {
		record(c.lines)
		for i, command := range checks {
			if got := shell(t, dir, command); got != c.want[i] {
				t.Errorf("%s: %s prints %q, want %q", name, command, got, c.want[i])
			}
		}
	}
}

// shell runs a command in a directory that comes first on its PATH, and returns the output.
func shell(t *testing.T, dir, command string) string {
	t.Helper()
	run := docblocks.Shell{Dir: dir, Env: append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))}
	return run.Run(t, []docblocks.Step{{Command: command}})[0].Stdout
}
