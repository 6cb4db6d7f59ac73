package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/test/need"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// program is a run of the program in the process of the test.
type program struct {
	t              *testing.T
	signal         context.CancelFunc // like SIGTERM
	stdout, stderr string             // files
	status         chan int
}

// start runs the program. It has no other environment than env.
func start(t *testing.T, env map[string]string, args ...string) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{
		t: t, stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr"), status: make(chan int, 1),
	}
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

// wait returns the output and the exit status after the program has ended.
func (p *program) wait() (stdout, stderr string, status int) {
	p.t.Helper()
	select {
	case status = <-p.status:
	case <-time.After(wait.Patience):
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

// await waits until stdout has that many lines.
func (p *program) await(lines int) {
	p.t.Helper()
	wait.Until(p.t, fmt.Sprintf("%d lines on stdout", lines), func() bool {
		return strings.Count(p.read(p.stdout), "\n") >= lines
	})
}

// awaitReady waits until the program at the address is ready.
func awaitReady(tb testing.TB, address string) {
	tb.Helper()
	wait.NoError(tb, "the program is ready", func() error {
		if code, body := get(address, "/readyz"); code != http.StatusOK {
			return fmt.Errorf("%d %s", code, body)
		}
		return nil
	})
}

// isFull reports whether a pipe is full, by its end to read from.
func isFull(tb testing.TB, pipe *os.File) (full bool) {
	tb.Helper()
	conn, err := pipe.SyscallConn()
	if err != nil {
		tb.Fatal(err)
	}
	err = conn.Control(func(fd uintptr) {
		writeEnd, openErr := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_WRONLY|unix.O_NONBLOCK, 0)
		if openErr != nil {
			need.Missing(tb, "pipes in /proc", openErr)
		}
		defer func() { _ = unix.Close(writeEnd) }()
		n, pollErr := unix.Poll([]unix.PollFd{{Fd: int32(writeEnd), Events: unix.POLLOUT}}, 0)
		full = n == 0 && pollErr == nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return full
}

// inTwos runs a test for each name, two at a time: more would slow each other down.
func inTwos(t *testing.T, names []string, test func(t *testing.T, name string)) {
	t.Helper()
	left := make(chan string, len(names))
	for _, name := range names {
		left <- name
	}
	close(left)
	const lanes = 2
	for lane := range lanes {
		t.Run(fmt.Sprintf("lane %d", lane+1), func(t *testing.T) {
			t.Parallel()
			for name := range left {
				t.Run(name, func(t *testing.T) { test(t, name) })
			}
		})
	}
}
