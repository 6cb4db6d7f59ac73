package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestQuickStartPage does the tasks of docs/quickstart.md that need neither Docker nor a
// cluster.
func TestQuickStartPage(t *testing.T) {
	walkInClone(t, "docs/quickstart.md", "TestQuickStartPage", 7)
}

// TestBundlesWalk does the tasks of docs/bundles.md.
func TestBundlesWalk(t *testing.T) {
	walkInClone(t, "docs/bundles.md", "TestBundlesWalk", 5)
}

// walkInClone does the tasks of a page whose comment names the test, in a directory that
// looks like a clone.
func walkInClone(t *testing.T, page, test string, least int) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	if _, err := exec.LookPath("jq"); err != nil {
		skip(t, "jq (apt-get install jq)", err)
	}
	readDoc(t, "Makefile") // `go test` caches results as long as files that a test has read are unchanged
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
