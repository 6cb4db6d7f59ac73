package pluginhost

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestSockets: nothing is left where plugins listened, not even by a host that was killed.
func TestSockets(t *testing.T) {
	dir := shortTemp(t)
	t.Setenv("TMPDIR", dir)
	stale := filepath.Join(dir, socketPrefix+"stale")
	others := []string{filepath.Join(dir, socketPrefix+"backup"), filepath.Join(dir, socketPrefix+"fifo")}
	for _, path := range []string{filepath.Join(stale, "plugin-dir1"), others[0]} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(stale, lockName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(others[1], 0o600); err != nil {
		t.Fatal(err)
	}
	one, _ := start(t, specOf(t, "good"))
	if _, err := os.Stat(stale); err == nil {
		t.Error("the folder of a host that is gone is left")
	}
	another, _ := start(t, specOf(t, "good"))
	answers(t, one.Plugins()[0])
	one.Close()
	another.Close()
	left, err := filepath.Glob(filepath.Join(dir, socketPrefix+"*"))
	if err != nil || !slices.Equal(left, others) {
		t.Errorf("left: %v, error %v, want %v", left, err, others)
	}
}

// TestNoSockets: the error says which folder would do.
func TestNoSockets(t *testing.T) {
	long := filepath.Join(shortTemp(t), strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	spec := specOf(t, "good")
	for folder, want := range map[string]string{"/proc/no/such": "TMPDIR can name", long: "too long for sockets"} {
		t.Setenv("TMPDIR", folder)
		_, err := Start(t.Context(), []Spec{spec}, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestTidiedAway: plugins are restarted even if somebody has removed the folder of the
// sockets.
func TestTidiedAway(t *testing.T) {
	t.Setenv("TMPDIR", shortTemp(t))
	p, _ := hosted(t, specOf(t, "good"))
	if err := os.RemoveAll(p.launcher.sockets.path); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pidOf(p), syscall.SIGKILL)
	wait.Until(t, "a restart", func() bool { return p.Stats().Restarts == 1 })
	answers(t, p)
}

// shortTemp returns a folder whose path leaves room for sockets.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "psl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
