package pluginhost

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// replace puts a script at a path, as deployments do: under another name first.
func replace(t *testing.T, path, comment string) (sum string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\n# %s\nexec '%s' %s\n", comment, self, strings.Join(faulty.Args("good"), " "))
	next := filepath.Join(t.TempDir(), "next")
	if err := os.WriteFile(next, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// TestFileIsReplaced: the host restarts a plugin whose file is replaced.
func TestFileIsReplaced(t *testing.T) {
	t.Parallel()
	spec := specOf(t, "good")
	spec.Command, spec.Args = filepath.Join(t.TempDir(), "plugin"), nil
	replace(t, spec.Command, "1")
	p, log := hosted(t, spec)
	answers(t, p)
	before := pidOf(p)
	replace(t, spec.Command, "2")
	log.Await(t, `"reason":"its file has changed"`)
	log.Await(t, `"level":"INFO","msg":"plugin runs again"`)
	answers(t, p)
	if p.Stats().Restarts != 1 || pidOf(p) == before {
		t.Errorf("%d restarts, process %d, then %d", p.Stats().Restarts, before, pidOf(p))
	}
}

// TestPinnedFileIsReplaced: a pinned plugin keeps running when its file is replaced.
func TestPinnedFileIsReplaced(t *testing.T) {
	t.Parallel()
	spec := specOf(t, "good")
	spec.Command, spec.Args = filepath.Join(t.TempDir(), "plugin"), nil
	spec.SHA256 = replace(t, spec.Command, "1")
	p, log := hosted(t, spec)
	answers(t, p)
	before := pidOf(p)
	for n, want := range []string{"2", "3"} {
		replace(t, spec.Command, want)
		wait.Until(t, "a warning", func() bool {
			return strings.Count(log.String(), "may not be the pinned one; the copy that was pinned keeps running") == n+1
		})
	}
	answers(t, p)
	if p.Stats().Restarts != 0 || pidOf(p) != before {
		t.Errorf("%d restarts, process %d, then %d", p.Stats().Restarts, before, pidOf(p))
	}
}
