// Package process runs and measures processes.
package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the CPU time, user and system, that a process has used, threads
// that have ended included, to the nanosecond: ticks of /proc/PID/stat are too
// coarse for short runs.
func CPU(pid int) (time.Duration, error) {
	// clock_getcpuclockid(3): the complement of the pid, and 2 for the
	// scheduler's clock of the process.
	clock := int32(^pid<<3 | 2)
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("read CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// Memory is what a process has resident, in bytes.
type Memory struct{ Resident, Peak int64 }

// ReadMemory reads /proc/PID/status.
func ReadMemory(pid int) (Memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, fmt.Errorf("read memory of process %d: %w", pid, err)
	}
	return parseMemory(string(text))
}

func parseMemory(status string) (m Memory, err error) {
	for name, to := range map[string]*int64{"VmRSS:": &m.Resident, "VmHWM:": &m.Peak} {
		_, rest, ok := strings.Cut(status, "\n"+name)
		if !ok {
			return m, fmt.Errorf("no %s in status of process", name)
		}
		line, _, _ := strings.Cut(rest, "\n")
		kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, " kB")), 10, 64)
		if err != nil {
			return m, fmt.Errorf("read %s of process: %w", name, err)
		}
		*to = kilobytes << 10
	}
	return m, nil
}

// Tree returns a process and all that it has started.
func Tree(pid int) []int {
	pids := []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is good
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may have ended
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, Tree(child)...)
			}
		}
	}
	return pids
}

// Available is the memory that can be used without swapping, in bytes.
func Available() (int64, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("read available memory: %w", err)
	}
	return parseAvailable(string(text))
}

func parseAvailable(meminfo string) (int64, error) {
	_, rest, _ := strings.Cut(meminfo, "MemAvailable:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("no MemAvailable in /proc/meminfo")
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read MemAvailable: %w", err)
	}
	return kilobytes << 10, nil
}
