package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// TestHostKilled: no plugin outlives a killed host, not even a stopped one or one that
// ignores the request to end.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`{apiVersion: podstatus/v1alpha1, kind: Config, plugins: [
		{name: bundle, builtin: bundle, isolate: true}, {name: %s, command: %q, args: [%s]}]}`,
		faulty.Name, self, strings.Join(faulty.Args("ignores-the-end"), ", "))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	host := exec.Command(self, "demo", "--pace=100ms", "--config", config)
	host.Args[0] = "pod-status-logger"
	stdout, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil { // plugins are running by then
		t.Fatal(err)
	}
	plugins := childrenOf(host.Process.Pid)
	if len(plugins) != 2 {
		t.Fatalf("children %v, want two", plugins)
	}
	if err := syscall.Kill(plugins[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	wait.Until(t, "the plugins end", func() bool { return !alive(plugins[0]) && !alive(plugins[1]) })
}

// childrenOf returns the child processes of a process.
func childrenOf(pid int) (children []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		for field := range strings.FieldsSeq(string(b)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// alive reports whether a process is running or stopped.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}
