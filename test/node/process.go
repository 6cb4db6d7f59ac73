package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// A process outlives the command that starts it. Its pid file holds its id and
// start time, so that a later command never takes another process for it after
// the kernel has reused the id.

func (f folder) pidFile(name string) string { return f.join("run", name+".pid") }

// remember writes the pid file of a process that has just started.
func (f folder) remember(name string, pid int) error {
	started, err := startTime(pid)
	if err != nil {
		return err
	}
	return os.WriteFile(f.pidFile(name), fmt.Appendf(nil, "%d %s\n", pid, started), 0o600)
}

// running returns the process, or nil if it does not run.
func (f folder) running(name string) (*os.Process, error) {
	text, err := os.ReadFile(f.pidFile(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find process of %s: %w", name, err)
	}
	var pid int
	var started string
	if _, err := fmt.Sscan(string(text), &pid, &started); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.pidFile(name), err)
	}
	// The handle first, then the check: a handle never changes to another process.
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("find process of %s: %w", name, err)
	}
	now, err := startTime(pid)
	if errors.Is(err, errNoProcess) || now != started {
		return nil, nil
	}
	return process, err
}

var errNoProcess = errors.New("no such process")

// startTime returns when a live process started, in clock ticks since boot.
func startTime(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", errNoProcess
	}
	if err != nil {
		return "", err
	}
	// The name in parentheses may contain spaces; the state comes after it.
	const state, started = 0, 19
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= started {
		return "", fmt.Errorf("read /proc/%d/stat: %d fields", pid, len(fields))
	}
	if s := fields[state]; s == "Z" || s == "X" { // ended, and not collected yet
		return "", errNoProcess
	}
	return fields[started], nil
}

// end sends a signal to a process and waits until it has exited.
func (f folder) end(ctx context.Context, name string, sig os.Signal) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stopPatience, fmt.Errorf("still running after %s", stopPatience))
	defer cancel()
	for sent := false; ; sent = true {
		process, err := f.running(name)
		if err != nil || process == nil {
			return err
		}
		if !sent {
			if err := process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("stop %s: %w", name, err)
			}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("stop %s: %w", name, context.Cause(ctx))
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
