// Package family finds the processes that a plugin has started, and their memory.
package family

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Family is a plugin's process with all that belongs to it: its process group, the
// processes that those have started, and so on. A process that has left the group is
// lost once the one that started it has ended.
type Family struct {
	PIDs     []int
	Resident int64 // bytes; memory that several share counts for each
}

// Of looks through all processes for the family of a leader of a process group. If the
// leader has ended, the family is empty.
func Of(leader int) Family {
	all := processes()
	leads := slices.IndexFunc(all, func(p processStat) bool { return p.pid == leader })
	if leads < 0 {
		return Family{}
	}
	members := map[int]bool{leader: true}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if !members[p.pid] && (p.group == leader || members[p.parent]) {
				members[p.pid], grown = true, true
			}
		}
	}
	var f Family
	for _, p := range all {
		if members[p.pid] {
			f.PIDs = append(f.PIDs, p.pid)
			f.Resident += p.resident
		}
	}
	return f
}

// Kill kills all processes of the family.
func (f Family) Kill() {
	for _, pid := range f.PIDs {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// processStat is the part of a process's status that matters here.
type processStat struct {
	pid, parent, group int
	resident           int64
}

// processes returns all processes that this one can see.
func processes() (all []processStat) {
	folder, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	names, _ := folder.Readdirnames(-1)
	_ = folder.Close()
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, ok := readStat(pid); ok {
			all = append(all, p)
		}
	}
	return all
}

// readStat reads /proc/<pid>/stat, see proc_pid_stat(5). The name of the process, in
// parentheses, may contain anything.
func readStat(pid int) (p processStat, ok bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return p, false
	}
	const (
		parentAt, groupAt = 1, 2
		residentAt        = 21
	)
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) <= residentAt {
		return p, false
	}
	p.pid = pid
	p.parent, _ = strconv.Atoi(fields[parentAt])
	p.group, _ = strconv.Atoi(fields[groupAt])
	pages, err := strconv.ParseInt(fields[residentAt], 10, 64)
	p.resident = pages * int64(os.Getpagesize())
	return p, err == nil
}
