package enricher_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOrphanEnds checks that a plugin exits when its host has ended.
func TestOrphanEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), role+"=host", "ENRICHER_TEST_FILE="+file, "PLUGIN_UNIX_SOCKET_DIR="+t.TempDir())
	stdout, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	output := bufio.NewReader(stdout)
	if line, err := output.ReadString('\n'); err != nil || !strings.HasPrefix(line, "1|1|unix|") {
		t.Fatalf("handshake %q, %v", line, err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, output) // to the end of both: they share it
		ended <- err
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the plugin outlives its host")
	}
	_ = host.Wait()
	if _, err := os.Stat(file); err == nil {
		t.Error("the plugin was not closed")
	}
}

// TestNoHost starts a plugin without a host.
func TestNoHost(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=plugin")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "This binary is a plugin") {
		t.Errorf("%v, said %q", err, out)
	}
}
