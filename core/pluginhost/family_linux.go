package pluginhost

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// family is a plugin's process with all that belongs to it: its process group, the
// processes that those have started, and so on. A process that has left the group is
// lost once the one that started it has ended.
type family struct {
	pids     []int
	resident int64 // bytes; memory that several share counts for each
}

// familyOf looks through all processes. If the leader has ended, the family is empty.
func familyOf(leader int) family {
	all := processes()
	leads := slices.IndexFunc(all, func(p processStat) bool { return p.pid == leader })
	if leads < 0 {
		return family{}
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
	var f family
	for _, p := range all {
		if members[p.pid] {
			f.pids = append(f.pids, p.pid)
			f.resident += p.resident
		}
	}
	return f
}

// kill ends all processes of the family.
func (f family) kill() {
	for _, pid := range f.pids {
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
