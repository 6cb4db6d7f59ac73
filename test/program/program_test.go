//go:build unix

package program_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func shell(script string) program.Command {
	return program.Command{Path: "/bin/sh", Args: []string{"-c", script}}
}

// TestStop: SIGTERM reaches the program, and its status and output reach the test.
func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   string // in the error
	}{
		"well": {`trap 'echo "bye, $NAME"; exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done`, ""},
		"by failing": {
			`trap 'echo "bye, $NAME"; exit 3' TERM; echo ready >&2; while :; do sleep 0.01; done`, "exit status 3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			command := shell(c.script)
			command.Env = []string{"NAME=world"}
			p := program.Start(t, command)
			wait.Until(t, "the program is ready", func() bool { return p.Log(t) == "ready\n" })
			err := p.Stop()
			if got := p.Output(t); got != "bye, world\n" {
				t.Errorf("stdout %q", got)
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestKill: a program that ignores SIGTERM ends, a second time is no error, and files
// are appended to.
func TestKill(t *testing.T) {
	command := shell(`trap '' TERM; echo begun; while :; do sleep 0.01; done`)
	for n := 1; n <= 2; n++ {
		p := program.Start(t, command)
		command.Stdout = p.Stdout
		wait.Until(t, "the program has begun", func() bool { return strings.Count(p.Output(t), "begun\n") == n })
		for range 2 {
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
		}
		if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("wait: %v", err)
		}
	}
}

func TestStartFails(t *testing.T) {
	for name, c := range map[string]program.Command{
		"program": {Path: "/nowhere/program"},
		"file":    {Path: "/bin/sh", Stdout: "/nowhere/stdout"},
	} {
		if _, err := c.Start(); err == nil || !strings.Contains(err.Error(), "/nowhere/") {
			t.Errorf("%s: error %v, want one with the path", name, err)
		}
	}
}

func TestAwaitOK(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 3 {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "well")
	}))
	defer server.Close()
	program.Start(t, shell("exec sleep 600")).AwaitOK(t, server.URL)
	if n := requests.Load(); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	if body, err := program.Get(t, server.URL); body != "well" || err != nil {
		t.Errorf("get: %q, %v", body, err)
	}
	requests.Store(0)
	if _, err := program.Get(t, server.URL); err == nil || err.Error() != "503 Service Unavailable: not yet\n" {
		t.Errorf("get: error %v", err)
	}
}

func TestTail(t *testing.T) {
	if got := program.Tail("\nshort\n"); got != "short" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("a line of some length\n", 1000) + "the last"
	got := program.Tail(long)
	if len(got) > 4000 || !strings.HasPrefix(got, "a line of") || !strings.HasSuffix(got, "\nthe last") {
		t.Errorf("%d bytes: %.30q", len(got), got)
	}
}
