//go:build unix

package pinned

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHostileFile: a pinned plugin's file that is replaced by a FIFO, a device or a very
// large file costs neither time nor memory.
func TestHostileFile(t *testing.T) {
	dir := t.TempDir()
	fifo, large := filepath.Join(dir, "fifo"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(fifo, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, large} {
		_, err := Copy(path, make([]byte, sha256.Size), dir)
		if err == nil || !strings.Contains(err.Error(), "is not a regular file of at most 1024 MiB") {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

// TestCopyToFolder: an executable can also be copied into a folder, where systems have
// no files in memory.
func TestCopyToFolder(t *testing.T) {
	source, err := os.Open("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	b, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	sum, dir := sha256.Sum256(b), t.TempDir()
	size, script, err := checkSource(source, sum[:])
	if err != nil || script {
		t.Fatalf("a script: %v, error %v", script, err)
	}
	copied, err := copyToFolder(source, size, sum[:], dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), copied.Path, "-c", "echo works").Output(); string(out) != "works\n" {
		t.Errorf("it prints %q, error %v", out, err)
	}
	copied.Remove()
	copied.Remove()
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
