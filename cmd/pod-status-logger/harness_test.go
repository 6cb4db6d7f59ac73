package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
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
		p.status <- cli.Run(ctx, args, environment(strings.NewReader(""), stdout, stderr,
			func(name string) (string, bool) { v, ok := env[name]; return v, ok }))
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
	return readFile(p.t, file)
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// await waits until stdout has so many lines.
func (p *program) await(lines int) {
	p.t.Helper()
	eventually(p.t, func() bool { return strings.Count(p.read(p.stdout), "\n") >= lines })
}

// skip leaves a test out that needs what there is not here. CI has to have it.
func skip(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("this needs %s: %v", what, err)
	}
	t.Skipf("this needs %s: %v", what, err)
}

func eventually(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
