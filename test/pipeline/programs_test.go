//go:build e2e

package pipeline

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/program"
)

// The programs, as the Makefile builds them.
const (
	root             = "../../"
	loggerProgram    = root + "bin/pod-status-logger"
	collectorProgram = root + "test/collector/bin/otelcol"
	storeProgram     = root + "test/logstore/bin/victoria-logs"
	collectorConfig  = root + "otel-collector.yaml"
)

// process is a program whose failures end the test.
type process struct {
	*program.Program
	t *testing.T
}

func start(t *testing.T, env []string, path string, args ...string) *process {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: make collector-test builds it", err)
	}
	return &process{program.Start(t, program.Command{Path: path, Args: args, Env: env}), t}
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	p.t.Helper()
	if err := p.Kill(); err != nil {
		p.t.Fatal(err)
	}
}

// stop ends the process with SIGTERM, which must succeed.
func (p *process) stop() {
	p.t.Helper()
	if err := p.Stop(); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits until the process ends by itself, which must succeed.
func (p *process) wait() {
	p.t.Helper()
	if err := p.Wait(); err != nil {
		p.t.Fatal(err)
	}
}

// log returns the log of the process so far.
func (p *process) log() string {
	p.t.Helper()
	return p.Log(p.t)
}

// run runs a program to its end, which must succeed, and returns its stdout.
func run(t *testing.T, env []string, path string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), &stderr
	out, err := cmd.Output()
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v: make collector-test builds it", err)
	} else if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, tail(stderr.String()))
	}
	return out
}

func tail(log string) string { return program.Tail(log) }

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// write writes a file, and creates its folder.
func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
