//go:build e2e

package pipeline

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The programs, as the Makefile builds them.
const (
	root             = "../../"
	loggerProgram    = root + "bin/pod-status-logger"
	collectorProgram = root + "test/collector/bin/otelcol"
	storeProgram     = root + "test/logstore/bin/victoria-logs"
	collectorConfig  = root + "otel-collector.yaml"
)

// process is a program with its output in a file.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  string
	done chan error
}

func start(t *testing.T, env []string, program string, args ...string) *process {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), filepath.Base(program))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	p := &process{t: t, cmd: exec.Command(program, args...), log: log.Name(), done: make(chan error, 1)}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%v: make collector-test builds what the tests need", err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		if t.Failed() {
			t.Logf("%s:\n%s", p.cmd, last(read(t, p.log)))
		}
	})
	return p
}

// kill ends the process without a warning.
func (p *process) kill() {
	p.t.Helper()
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends the process with SIGTERM, which must succeed.
func (p *process) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.end()
}

// end waits until the process ends by itself, which must succeed.
func (p *process) end() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Fatalf("%s ended with %v", p.cmd.Path, err)
		}
	case <-ctx.Done():
		p.t.Fatalf("%s does not end", p.cmd.Path)
	}
}

// await waits until an HTTP server says that all is well.
func (p *process) await(url string) {
	p.t.Helper()
	eventually(p.t, url+" answers", func() bool {
		response, err := http.Get(url)
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
}

// run runs a program to its end, which must be a good one, and returns what it
// wrote to stdout.
func run(t *testing.T, env []string, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), &stderr
	out, err := cmd.Output()
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v: make collector-test builds what the tests need", err)
	} else if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, last(stderr.String()))
	}
	return out
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("does not happen: %s", what)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// last is the end of a log that is too long to be shown.
func last(s string) string {
	s = strings.TrimSpace(s)
	return s[max(0, len(s)-4000):]
}
