package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pod-status-logger/pod-status-logger/plugins/faulty"
)

// TestMain lets scripts run the program as a process.
func TestMain(m *testing.M) {
	if faulty.Main() { // this process is a faulty plugin of a test
		return
	}
	// Most tests wait for processes most of the time, so more can run at once than there are processors.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"pod-status-logger": main})
}

// TestScripts runs testdata/script/*.txtar: commands and their output.
func TestScripts(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("DATA", data)
			temp, err := os.MkdirTemp("/tmp", "t") // the paths of sockets are short
			if err != nil {
				return err
			}
			e.Defer(func() { _ = os.RemoveAll(temp) })
			e.Setenv("TMPDIR", temp)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"show":  show,
		},
	})
}

// exits runs a command and checks its exit status: exits 2 pod-status-logger -x.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// show writes the values of some keys in the last output, JSON lines, to the file
// "shown": show KEY...
func show(ts *testscript.TestScript, _ bool, keys []string) {
	var b strings.Builder
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			ts.Fatalf("line %q: %v", line, err)
		}
		var values []string
		for _, key := range keys {
			if v, ok := fields[key]; ok {
				values = append(values, fmt.Sprint(v))
			} else {
				values = append(values, "-")
			}
		}
		b.WriteString(strings.Join(values, " | ") + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs("shown"), []byte(b.String()), 0o600))
}
