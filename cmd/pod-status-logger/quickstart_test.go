package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// TestQuickStartPage does the steps of docs/quickstart.md that need neither Docker nor a
// cluster.
func TestQuickStartPage(t *testing.T) {
	walkInClone(t, "docs/quickstart.md", "TestQuickStartPage", 7)
}

// TestBundlesWalk does the steps of docs/bundles.md.
func TestBundlesWalk(t *testing.T) {
	walkInClone(t, "docs/bundles.md", "TestBundlesWalk", 5)
}

// walkInClone does the steps of a page whose comment names the test, in a directory that
// looks like a clone.
func walkInClone(t *testing.T, page, test string, least int) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	if _, err := exec.LookPath("jq"); err != nil {
		need.Missing(t, "jq (apt-get install jq)", err)
	}
	readDoc(t, "Makefile") // `go test` caches results as long as files that a test has read are unchanged
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	setup := "export POD_STATUS_LOGGER_PACE=0s; make() { command make -C '" + clone + "' \"$@\" >&2; }; " +
		"ln -s '" + clone + "/bin' bin"
	steps := slices.DeleteFunc(stepsOf(t, page), func(s docblocks.Step) bool { return s.Block.Claim != "run by: "+test })
	if len(steps) < least {
		t.Fatalf("%s has %d steps for %s, want at least %d", page, len(steps), test, least)
	}
	walk(t, setup, steps)
}
