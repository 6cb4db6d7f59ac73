package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestProcess(t *testing.T) {
	f, err := newFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sleeper := component{Name: "sleeper", Path: "/bin/sleep", Args: []string{"60"}}
	if err := f.spawn(sleeper); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.kill(t.Context(), sleeper.Name) })

	if pid, err := f.running(sleeper.Name); pid == 0 || err != nil {
		t.Fatalf("have pid %d, error %v, want it to run", pid, err)
	}
	if err := f.spawn(sleeper); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("have %v, want a second start refused", err)
	}
	if gone, err := f.signal(t.Context(), sleeper.Name, syscall.SIGTERM, 5*time.Second); !gone || err != nil {
		t.Errorf("have gone %v, error %v", gone, err)
	}
	if pid, err := f.running(sleeper.Name); pid != 0 || err != nil {
		t.Errorf("have pid %d, error %v, want it gone", pid, err)
	}
}

func TestAwaitReadyTellsHowTheLogEnds(t *testing.T) {
	f, err := newFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken := component{
		Name: "broken", Path: "/bin/sh", Args: []string{"-c", "echo bad flag; exit 1"}, Health: "http://127.0.0.1:1/",
	}
	err = f.launch(t.Context(), broken)
	if err == nil || !strings.Contains(err.Error(), "start broken: it exited") ||
		!strings.Contains(err.Error(), "bad flag") {
		t.Errorf("have %v, want component, reason and the end of its log", err)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("1\n2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := string(tail(path, 2)); got != "2\n3" {
		t.Errorf("have %q", got)
	}
}
