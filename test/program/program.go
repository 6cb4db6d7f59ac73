// Package program runs programs beside a test.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// Command describes a program to start.
type Command struct {
	Path string
	Args []string
	Env  []string // in addition to the environment of the test
	Dir  string   // working directory; empty: that of the test

	// Stdout and Stderr are files to append to; they may be the same. [Start] fills
	// empty ones in with files of the test's own.
	Stdout, Stderr string

	SysProcAttr *syscall.SysProcAttr
}

// Program is a started program. Its methods are safe for concurrent use.
type Program struct {
	Command
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid once done is closed
}

// Start starts a program that the test kills in its cleanup, unless it has ended before.
// If the test fails, it logs the end of the program's stderr.
func Start(tb testing.TB, c Command) *Program {
	tb.Helper()
	dir := tb.TempDir()
	if c.Stdout == "" {
		c.Stdout = filepath.Join(dir, "stdout")
	}
	if c.Stderr == "" {
		c.Stderr = filepath.Join(dir, "stderr")
	}
	p, err := c.Start()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = p.Kill()
		if tb.Failed() {
			tb.Logf("end of the log of %s:\n%s", filepath.Base(c.Path), Tail(p.Log(tb)))
		}
	})
	return p
}

// Start starts the program for callers that are not the goroutine of a test. The caller
// must end it.
func (c Command) Start() (*Program, error) {
	stdout, err := appendTo(c.Stdout)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stdout.Close() }()
	stderr := stdout
	if c.Stderr != c.Stdout {
		if stderr, err = appendTo(c.Stderr); err != nil {
			return nil, err
		}
		defer func() { _ = stderr.Close() }()
	}
	p := &Program{Command: c, cmd: exec.Command(c.Path, c.Args...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir, p.cmd.SysProcAttr = append(os.Environ(), c.Env...), c.Dir, c.SysProcAttr
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func appendTo(path string) (*os.File, error) {
	if path == "" {
		path = os.DevNull
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open output file: %w", err)
	}
	return f, nil
}

// PID returns the id of the process.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Program) Done() <-chan struct{} { return p.done }

// Signal sends a signal. It returns [os.ErrProcessDone] if the program has ended.
func (p *Program) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Kill ends the program with SIGKILL and waits for its end.
func (p *Program) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.Path, err)
	}
	<-p.done
	return nil
}

// Stop ends the program with SIGTERM. It returns an error if the program has a status
// other than 0 or does not end within [wait.Patience]. A program that has ended before is
// no error in itself.
func (p *Program) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.Path, err)
	}
	return p.Wait()
}

// Wait waits up to [wait.Patience] for the end of the program, and returns an error if it
// has a status other than 0.
func (p *Program) Wait() error {
	select {
	case <-p.done:
	case <-time.After(wait.Patience):
		return fmt.Errorf("%s does not end within %s", p.Path, wait.Patience)
	}
	if p.err != nil {
		return fmt.Errorf("%s ended: %w", p.Path, p.err)
	}
	return nil
}

// Output returns what the file Stdout contains.
func (p *Program) Output(tb testing.TB) string {
	tb.Helper()
	return read(tb, p.Stdout)
}

// Log returns what the file Stderr contains.
func (p *Program) Log(tb testing.TB) string {
	tb.Helper()
	return read(tb, p.Stderr)
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// AwaitOK waits until the program answers a URL with status 200. It ends the test at
// once if the program ends.
func (p *Program) AwaitOK(tb testing.TB, url string) {
	tb.Helper()
	wait.NoError(tb, url+" answers with status 200", func() error {
		select {
		case <-p.done:
			tb.Fatalf("%s ended: %v", p.Path, p.err)
		default:
		}
		_, err := Get(tb, url)
		return err
	})
}

// Get returns the body at a URL. A status other than 200 is an error with the body.
func Get(tb testing.TB, url string) (string, error) {
	tb.Helper()
	const timeout = 10 * time.Second // a program that is stopped accepts connections nevertheless
	ctx, cancel := context.WithTimeout(tb.Context(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

// Tail returns the last lines of a log that is too long for a failure message.
func Tail(log string) string {
	const most = 4000
	log = strings.TrimSpace(log)
	if len(log) <= most {
		return log
	}
	log = log[len(log)-most:]
	if _, rest, ok := strings.Cut(log, "\n"); ok {
		return rest
	}
	return log
}
