package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A component's process outlives the command that starts it. The next command must find it,
// although the kernel may have reused the process id. Therefore the process holds a lock on its
// pid file, which it inherits as descriptor 3. The kernel releases the lock when the process
// ends for any reason.

// component is one of the processes, as stored in cluster.json.
type component struct {
	Name string   `json:"name"`
	Path string   `json:"path"`
	Args []string `json:"args"`
	// Health is the URL that returns 200 once the component works.
	Health string `json:"health"`
}

// folder is the folder with a cluster's data.
type folder string

func (f folder) join(elem ...string) string {
	return filepath.Join(append([]string{string(f)}, elem...)...)
}

func (f folder) log(name string) string { return f.join("logs", name+".log") }

func (f folder) pidFile(name string) string { return f.join("run", name+".pid") }

// spawn starts a component in a session of its own, so that neither a closed
// terminal nor Ctrl-C on the command that started it reaches it.
func (f folder) spawn(c component) error {
	pidFile, err := os.OpenFile(f.pidFile(c.Name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer func() { _ = pidFile.Close() }()
	if err := syscall.Flock(int(pidFile.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("start %s: it runs already", c.Name)
	}
	log, err := os.OpenFile(f.log(c.Name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer func() { _ = log.Close() }()

	// No context: the process is to outlive this one.
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir = string(f)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{pidFile}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	pid := cmd.Process.Pid
	if err := errors.Join(pidFile.Truncate(0), writePID(pidFile, pid), cmd.Process.Release()); err != nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	return nil
}

func writePID(file *os.File, pid int) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(pid)+"\n"), 0)
	return err
}

// running returns the component's process id, 0 if it isn't running.
func (f folder) running(name string) (int, error) {
	pidFile, err := os.Open(f.pidFile(name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", name, err)
	}
	defer func() { _ = pidFile.Close() }()
	if syscall.Flock(int(pidFile.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return 0, nil
	}
	text, err := os.ReadFile(pidFile.Name())
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", pidFile.Name(), err)
	}
	return pid, nil
}

// signal sends sig to a component, and reports whether it ended before the timeout.
func (f folder) signal(ctx context.Context, name string, sig syscall.Signal, timeout time.Duration) (bool, error) {
	deadline := time.Now().Add(timeout)
	for sent := false; ; sent = true {
		pid, err := f.running(name)
		if err != nil {
			return false, err
		}
		if pid == 0 {
			return true, nil
		}
		if !sent {
			if err := syscall.Kill(-pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false, fmt.Errorf("stop %s: %w", name, err)
			}
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return false, fmt.Errorf("stop %s: %w", name, err)
		}
	}
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
