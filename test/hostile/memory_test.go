package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/program"
)

// Limits of the chart, and the most memory that the program may have at any time within them.
const (
	chartMemory   = 512 << 20
	chartGoMemory = "GOMEMLIMIT=256MiB"
	mostMemory    = 320 << 20
)

// group is a control group that limits memory, nil if the test may not make one.
type group struct{ dir, limit, peak string }

// newGroup makes a group that the kernel ends a program in when it needs more than limit bytes.
func newGroup(t *testing.T, limit int) *group {
	t.Helper()
	const root = "/sys/fs/cgroup"
	g := &group{
		filepath.Join(root, "memory", "hostile-"+strconv.Itoa(os.Getpid())),
		"memory.limit_in_bytes", "memory.max_usage_in_bytes",
	}
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		g = &group{filepath.Join(root, filepath.Base(g.dir)), "memory.max", "memory.peak"}
	}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Logf("no control group: %v; the peak is checked all the same", err)
		return nil
	}
	t.Cleanup(func() { _ = os.Remove(g.dir) })
	if err := os.WriteFile(filepath.Join(g.dir, g.limit), []byte(strconv.Itoa(limit)), 0o600); err != nil {
		t.Logf("no control group: %v; the peak is checked all the same", err)
		return nil
	}
	return g
}

// command returns the command that runs the program in the group.
func (g *group) command(c program.Command) program.Command {
	if g == nil {
		return c
	}
	const enter = `echo $$ >"$0/cgroup.procs" && exec "$@"`
	c.Path, c.Args = "/bin/sh", append([]string{"-c", enter, g.dir, c.Path}, c.Args...)
	return c
}

// String returns the peak of all memory of the group, that of its files in the page cache included.
func (g *group) String() string {
	if g == nil {
		return "no control group"
	}
	b, err := os.ReadFile(filepath.Join(g.dir, g.peak))
	if err != nil {
		return err.Error()
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return fmt.Sprintf("control group with files %d MiB", n>>20)
}

// peakOf returns the most resident memory that a process has had.
func peakOf(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatalf("the program is gone: %v", err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
