//go:build unix

package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// TestReplayPipe: a pipe, which can be read only once, gives the records of a file.
func TestReplayPipe(t *testing.T) {
	const file = "../../testdata/seed.jsonl"
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	recording, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(pipe, recording, 0o600) }()
	want, got := bytes.Count(replayed(t, file), []byte("\n")), bytes.Count(replayed(t, pipe), []byte("\n"))
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	if want == 0 || got != want {
		t.Errorf("%d records of the pipe, %d of the file", got, want)
	}
}

// replayed returns the lines for a recording.
func replayed(t *testing.T, path string) []byte {
	t.Helper()
	stdout, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdout.Close() }()
	env := Environment{
		Stdout: stdout, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Lookup: func(string) (string, bool) { return "", false },
	}
	if err := Replay(t.Context(), config.Default(), env, path); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(stdout.Name())
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
