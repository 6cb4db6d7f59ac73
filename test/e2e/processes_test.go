//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// processInfo identifies a process: its ID alone may be given to another one.
type processInfo struct {
	pid, parent  int
	begun, state string
}

// checkKill kills the program and checks that its plugins end, too.
func checkKill(t *testing.T, l *logger) {
	t.Helper()
	plugins := descendants(t, l.PID())
	if err := l.Kill(); err != nil {
		t.Fatal(err)
	}
	checkGone(t, plugins)
}

// checkGone waits until none of the processes is left.
func checkGone(t *testing.T, processes []processInfo) {
	t.Helper()
	if len(processes) == 0 {
		t.Error("there was no plugin process")
	}
	for _, p := range processes {
		wait.Until(t, fmt.Sprintf("process %d of a plugin has ended with the program", p.pid),
			func() bool { return !p.runs() })
	}
}

// runs reports whether the process runs. A zombie has ended.
func (p processInfo) runs() bool {
	now, ok := processOf(p.pid)
	return ok && now.begun == p.begun && now.state != "Z"
}

// descendants returns the children of a process, their children, and so on.
func descendants(t *testing.T, pid int) (found []processInfo) {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		child, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := processOf(child); ok && p.parent == pid {
			found = append(append(found, p), descendants(t, child)...)
		}
	}
	return found
}

// processOf parses /proc/PID/stat. Its fields begin after the name, which is in parentheses
// and may contain anything.
func processOf(pid int) (processInfo, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	stat := string(b)
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if err != nil || len(fields) < 20 {
		return processInfo{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	return processInfo{pid: pid, parent: parent, begun: fields[19], state: fields[0]}, err == nil
}
