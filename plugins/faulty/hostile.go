package faulty

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// hostile are plugins that attack their host.
func hostile() map[string]func() {
	return map[string]func(){
		"looks-at-its-host":   func() { lookAtHost(); enricher.Serve(faulty{}) },
		"has-greedy-children": func() { haveGreedyChild(); enricher.Serve(faulty{}) },
		"greedy":              greedy,
		"floods-without-lines": func() {
			go floodWith(bytes.Repeat([]byte("x"), 1<<20))
			enricher.Serve(faulty{})
		},
		"floods-with-short-lines": func() {
			go floodWith(bytes.Repeat([]byte("x\n"), 1<<19))
			enricher.Serve(faulty{})
		},
	}
}

// lookAtHost prints whether it can read the environment and the memory of its host,
// and the names of its own variables.
func lookAtHost() {
	host := os.Getppid()
	for _, file := range []string{"environ", "mem", "maps", "auxv", "fd"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/%s", host, file))
		if err == nil {
			err = f.Close()
		}
		fmt.Fprintln(os.Stderr, "open", file+":", reason(err))
	}
	fmt.Fprintln(os.Stderr, "trace:", reason(syscall.PtraceAttach(host)))
	var names []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	fmt.Fprintln(os.Stderr, "environment:", strings.Join(names, " "))
}

func reason(err error) string {
	if number := syscall.Errno(0); errors.As(err, &number) {
		return number.Error()
	}
	return "done"
}

// haveGreedyChild starts a process outside of the group that uses memory.
func haveGreedyChild() {
	child := exec.Command(os.Args[0], Args("greedy", os.Args[3])...) //nolint:noctx // to outlive this process
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "child", child.Process.Pid)
}

// greedy uses as many MiB as its argument says, for a minute.
func greedy() {
	megabytes, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	held := make([]byte, megabytes<<20)
	for i := 0; i < len(held); i += os.Getpagesize() {
		held[i] = 1
	}
	time.Sleep(time.Minute)
	held[0] = 2
}

// floodWith prints a text as fast as it is read.
func floodWith(text []byte) {
	for {
		_, _ = os.Stderr.Write(text)
	}
}
