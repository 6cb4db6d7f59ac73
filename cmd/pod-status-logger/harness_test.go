package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is a run of the program within the test.
type program struct {
	t              *testing.T
	signal         context.CancelFunc // what SIGTERM does
	stdout, stderr string             // files
	status         chan int
}

// start runs the program. env is all of its environment.
func start(t *testing.T, env map[string]string, args ...string) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr"), status: make(chan int, 1)}
	stdout, err := os.Create(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.signal = cancel
	go func() {
		p.status <- run(ctx, args, environment{
			stdin: strings.NewReader(""), stdout: stdout, stderr: stderr,
			lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		})
	}()
	return p
}

// wait returns what was printed and the exit status, once the program has ended.
func (p *program) wait() (stdout, stderr string, status int) {
	p.t.Helper()
	select {
	case status = <-p.status:
	case <-time.After(time.Minute):
		p.t.Fatalf("the program does not end; stderr:\n%s", p.read(p.stderr))
	}
	return p.read(p.stdout), p.read(p.stderr), status
}

func (p *program) read(file string) string {
	p.t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// await waits until stdout has so many lines.
func (p *program) await(lines int) {
	p.t.Helper()
	eventually(p.t, func() bool { return strings.Count(p.read(p.stdout), "\n") >= lines })
}

func eventually(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
