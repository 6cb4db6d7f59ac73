package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestQuickStartPage does what docs/quickstart.md says where neither Docker nor a
// cluster is needed.
func TestQuickStartPage(t *testing.T) {
	walkInClone(t, "docs/quickstart.md", "TestQuickStartPage", 7)
}

// TestBundlesWalk goes from nothing to a trace, as docs/bundles.md does.
func TestBundlesWalk(t *testing.T) {
	walkInClone(t, "docs/bundles.md", "TestBundlesWalk", 5)
}

// walkInClone takes the tasks of a page that say that this test takes them, in a
// folder that looks like a clone to them.
func walkInClone(t *testing.T, page, test string, least int) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	if _, err := exec.LookPath("jq"); err != nil {
		skip(t, "jq (apt-get install jq)", err)
	}
	readDoc(t, "Makefile") // `go test` takes a cached result where what a test has read is as it was
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	tasks := []task{{text: "export POD_STATUS_LOGGER_PACE=0s; make() { command make -C '" + clone + "' \"$@\" >&2; }; ln -s '" + clone + "/bin' bin\n"}}
	for _, task := range tasksOf(t, page) {
		if task.claim == "run by: "+test {
			tasks = append(tasks, task)
		}
	}
	if len(tasks) <= least {
		t.Fatalf("%s has %d tasks for %s, want at least %d", page, len(tasks)-1, test, least)
	}
	walk(t, tasks)
}
