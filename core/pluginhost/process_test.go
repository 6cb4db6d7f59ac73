package pluginhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestStoppedAtEnd: Close does not wait for a plugin that is stopped.
func TestStoppedAtEnd(t *testing.T) {
	t.Parallel()
	host, _ := start(t, specOf(t, "good"), specOf(t, "ignores-the-end"))
	pids := []int{pidOf(host.Plugins()[0]), pidOf(host.Plugins()[1])}
	stop(t, pids[0])
	host.Close() // would wait for ever
	for _, pid := range pids {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
	host.Close()
}

// TestChildren: the children of a plugin end with it.
func TestChildren(t *testing.T) {
	p, log := hosted(t, specOf(t, "has-children"))
	log.Await(t, `"msg":"child `)
	_, rest, _ := strings.Cut(log.String(), `"msg":"child `)
	var child int
	if _, err := fmt.Sscan(rest, &child); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pidOf(p), syscall.SIGKILL)
	wait.Until(t, "the end of the child", func() bool { return !alive(child) })
}

// TestEscape: neither a child that holds the pipes of its plugin, nor a plugin
// that has left its process group, holds up the host.
func TestEscape(t *testing.T) {
	t.Parallel()
	for _, behaviour := range []string{"has-escaped-children", "leaves-its-group"} {
		t.Run(behaviour, func(t *testing.T) {
			host, log := start(t, specOf(t, behaviour))
			log.Await(t, `"msg":"child `)
			_, rest, _ := strings.Cut(log.String(), `"msg":"child `)
			var child int
			if _, err := fmt.Sscan(rest, &child); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = syscall.Kill(child, syscall.SIGKILL) }()
			pid := pidOf(host.Plugins()[0])
			host.Close() // a child sleeps for a minute
			if alive(pid) || !alive(child) {
				t.Errorf("the plugin is alive: %v, the child: %v", alive(pid), alive(child))
			}
			log.Await(t, "did not exit on request")
		})
	}
}

// TestDescriptors: a plugin gets nothing that this process has open.
func TestDescriptors(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = read.Close(), write.Close() }()
	inherited, err := syscall.Dup(int(write.Fd())) // without close-on-exec, like a file that a shell has opened
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(inherited) }()
	of, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", inherited))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := hosted(t, specOf(t, "good"))
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pidOf(p)))
	for _, file := range files {
		if to, _ := os.Readlink(file); to == of {
			t.Errorf("the plugin has %s", file)
		}
	}
	if len(files) == 0 {
		t.Error("it has nothing open at all")
	}
}

// stop stops a process, and waits until all of it has stopped.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "a stopped process", func() bool { return inState(pid, "T") })
}

func alive(pid int) bool { return inState(pid, "RSDTt") }

// inState reports whether a process exists, and all of its threads are in one of the
// states, as /proc has them.
func inState(pid int, states string) bool {
	files, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/stat"))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		_, state, _ := strings.Cut(string(b), ") ")
		if state == "" || !strings.ContainsAny(state[:1], states) {
			return false
		}
	}
	return len(files) > 0
}
