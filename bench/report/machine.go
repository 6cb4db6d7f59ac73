package report

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine describes the machine in one sentence.
func Machine() string {
	var name unix.Utsname
	kernel := "unknown kernel"
	if unix.Uname(&name) == nil {
		release, _, _ := bytes.Cut(name.Release[:], []byte{0})
		number, _, _ := strings.Cut(string(release), "-") // what follows is the distribution's
		kernel = "Linux " + number
	}
	kilobytes, _ := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"))
	return fmt.Sprintf("%s, %d cores, %d GB, %s, %s", field("/proc/cpuinfo", "model name"), runtime.NumCPU(),
		(kilobytes+1<<19)>>20, kernel, runtime.Version())
}

// field returns the first value of a name in a file of lines "name: value".
func field(path, name string) string {
	text, _ := os.ReadFile(path) // then it is unknown
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown " + name
}

// Load is how many processes wanted a core over the last minute.
func Load() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}
