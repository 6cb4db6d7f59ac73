package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestProcess(t *testing.T) {
	f := folder(t.TempDir())
	if err := os.Mkdir(f.join("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	if process, err := f.running("a"); process != nil || err != nil {
		t.Fatalf("before the start: %v, %v", process, err)
	}
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	if err := f.remember("a", cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	process, err := f.running("a")
	if err != nil || process == nil || process.Pid != cmd.Process.Pid {
		t.Fatalf("running: %v, %v", process, err)
	}
	if err := f.end(t.Context(), "a", syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// Its parent has not collected it yet, so that it is still listed.
	if process, err := f.running("a"); process != nil || err != nil {
		t.Errorf("after the end: %v, %v", process, err)
	}
}

// TestReusedProcessID: the process of a pid file is known by its start time, too.
func TestReusedProcessID(t *testing.T) {
	f := folder(t.TempDir())
	if err := os.Mkdir(f.join("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.pidFile("a"), fmt.Appendf(nil, "%d 1\n", os.Getpid()), 0o600); err != nil {
		t.Fatal(err)
	}
	if process, err := f.running("a"); process != nil || err != nil {
		t.Errorf("another process was taken for it: %v, %v", process, err)
	}
}
