package pluginhost

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// attributes put a plugin into a process group of its own, so that Ctrl-C in a terminal
// doesn't reach it before the host has sent the last records, and let Linux kill it
// with the host.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// residentBytes returns the resident memory of a process.
func residentBytes(pid int) (int64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", pid, b)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// selfPath returns the path of the running executable, even if another file has its
// name by now.
func selfPath() (string, error) { return "/proc/self/exe", nil }
