//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// family is a process with what it is told by: its id may be given to another one.
type family struct {
	pid, parent  int
	begun, state string
}

// checkKill: the program is killed, and its plugins don't outlive it.
func checkKill(t *testing.T, l *logger) {
	t.Helper()
	plugins := descendants(t, l.cmd.Process.Pid)
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-l.done
	checkGone(t, plugins)
}

// checkGone: within three seconds none of the processes is left.
func checkGone(t *testing.T, processes []family) {
	t.Helper()
	if len(processes) == 0 {
		t.Error("there was no plugin process")
	}
	deadline := time.Now().Add(3 * time.Second)
	for _, p := range processes {
		for p.lives() {
			if time.Now().After(deadline) {
				t.Errorf("process %d outlives the program", p.pid)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// lives: a zombie doesn't, it waits for its parent to take notice.
func (f family) lives() bool {
	now, ok := processOf(f.pid)
	return ok && now.begun == f.begun && now.state != "Z"
}

// descendants are the children of a process, their children, and so on.
func descendants(t *testing.T, pid int) (found []family) {
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

// processOf reads /proc/PID/stat: fields after the name, which is in parentheses
// and may hold anything.
func processOf(pid int) (family, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	stat := string(b)
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if err != nil || len(fields) < 20 {
		return family{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	return family{pid: pid, parent: parent, begun: fields[19], state: fields[0]}, err == nil
}
