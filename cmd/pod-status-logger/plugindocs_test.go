package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

// block is a fenced block of a page.
type block struct {
	section        string // its heading
	language, file string // file is the title
	claim          string // the test that runs it, see TestCommandsAreRun
	text           string
}

func blocksOf(t *testing.T, page string) (blocks []block) {
	t.Helper()
	fence := regexp.MustCompile("^```([a-z]*)(?: title=\"([^\"]+)\")?\n$")
	var section, claim string
	var open *block
	for line := range strings.Lines(readDoc(t, page)) {
		if open != nil {
			if line == "```\n" {
				blocks, open = append(blocks, *open), nil
				continue
			}
			open.text += line
			continue
		}
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(heading)
		}
		if m := claimComment.FindStringSubmatch(line); m != nil {
			claim = m[1]
		}
		if m := fence.FindStringSubmatch(line); m != nil {
			open = &block{section: section, language: m[1], file: m[2], claim: claim}
		} else if strings.HasPrefix(line, "```") {
			t.Fatalf("%s: a block begins in another way: %s", page, line)
		}
	}
	if open != nil {
		t.Fatalf("%s: a block in %q does not end", page, section)
	}
	return blocks
}

// task is a file to write or a command to run.
type task struct {
	section, claim, file, text string
	want                       string // output of the command; empty: any
}

// tasksOf returns the tasks of a reader of the page.
func tasksOf(t *testing.T, page string) (tasks []task) {
	t.Helper()
	for _, b := range blocksOf(t, page) {
		if b.file != "" {
			tasks = append(tasks, task{section: b.section, claim: b.claim, file: b.file, text: b.text})
		}
		if b.language != "console" {
			continue
		}
		for line := range strings.Lines(b.text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				tasks = append(tasks, task{section: b.section, claim: b.claim, text: command})
				continue
			}
			tasks[len(tasks)-1].want += line
		}
	}
	return tasks
}

// TestPluginsPage does the tasks of docs/plugins.md in an empty directory beside a clone
// of the repository, in one shell. Each command succeeds and has the output of the page.
func TestPluginsPage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	tasks := tasksOf(t, "docs/plugins.md")
	python := func(s task) bool { return s.section == "A plugin in Python" }
	files, commands := 0, 0
	for _, s := range tasks {
		if s.file == "" {
			commands++
		} else {
			files++
		}
	}
	if files < 4 || commands < 15 || !slices.ContainsFunc(tasks, python) {
		t.Fatalf("docs/plugins.md has %d files and %d commands, want those of a plugin in Go and of one in Python", files, commands)
	}
	for _, file := range []string{"Makefile", "plugins/examples/python/podstatus_plugin.py", "plugins/examples/python/enrich_pb2.py"} {
		readDoc(t, file) // `go test` caches results as long as files that a test has read are unchanged
	}
	lack := lackOfPython(t)
	if lack != "" {
		tasks = slices.DeleteFunc(tasks, python)
	}
	walk(t, tasks)
	if lack != "" {
		t.Run("Python", func(t *testing.T) { t.Skip(lack) })
	}
}

// lackOfPython returns how to install the missing requirements of the Python plugin.
func lackOfPython(t *testing.T) string {
	t.Helper()
	const python = "/usr/bin/python3" // of Debian, whose packages others can't import
	out, err := exec.Command(python, "-c", "import grpc, google.protobuf").CombinedOutput()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s lacks what the plugin needs: apt-get update && apt-get install -y --no-install-recommends "+
		"python3-grpcio python3-protobuf protobuf-compiler\n%v\n%s", python, err, out)
}

// walk does the tasks in a directory beside one of the repository.
func walk(t *testing.T, tasks []task) {
	t.Helper()
	top, err := os.MkdirTemp("/tmp", "page-") // the paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	work, temp := filepath.Join(top, "work"), filepath.Join(top, "tmp")
	for _, err := range []error{
		os.Symlink(repository, filepath.Join(top, "pod-status-logger")), os.Mkdir(work, 0o700), os.Mkdir(temp, 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, failure := bash(t, work, append(cleanEnvironment(), "TMPDIR="+temp), scriptOf(tasks))
	outputs, logs := strings.Split(stdout, mark), strings.Split(stderr, mark)
	done := min(len(tasks), len(outputs)-1, len(logs)-1)
	for i, s := range tasks[:done] {
		if diff := cmp.Diff(s.want, outputs[i]); s.want != "" && diff != "" {
			t.Errorf("%s: $ %sprints (-want +got):\n%s\nstderr:\n%s", s.section, s.text, diff, logs[i])
		}
	}
	if done < len(tasks) {
		t.Fatalf("%s: $ %s%v\n%s%s", tasks[done].section, tasks[done].text, failure, outputs[done], logs[done])
	}
	if left := leftovers(t, temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// mark separates the outputs of two tasks.
const mark = "\x00\n"

// scriptOf returns the tasks as one script, so that commands share variables.
func scriptOf(tasks []task) string {
	const end = "END_OF_FILE_OF_THE_PAGE"
	var b strings.Builder
	b.WriteString("set -euo pipefail\n")
	for _, s := range tasks {
		if s.file == "" {
			b.WriteString(s.text)
		} else {
			fmt.Fprintf(&b, "cat >'%s' <<'%s'\n%s%s\n", s.file, end, s.text, end)
		}
		b.WriteString("printf '\\0\\n' | tee /dev/stderr\n")
	}
	return b.String()
}

// bash runs a script in a process group, which it kills after a time.
func bash(t *testing.T, dir string, env []string, script string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	err = cmd.Run()
	return out.String(), log.String(), err
}

// cleanEnvironment returns the environment of the test without variables that configure
// the program, and without the program that testscript has put on the PATH.
func cleanEnvironment() (env []string) {
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name == "PATH" {
			folders := slices.DeleteFunc(filepath.SplitList(value), func(dir string) bool {
				_, err := os.Stat(filepath.Join(dir, "pod-status-logger"))
				return err == nil
			})
			v = "PATH=" + strings.Join(folders, string(filepath.ListSeparator))
		}
		if !strings.HasPrefix(name, config.EnvPrefix) && !strings.HasPrefix(name, "OTEL_") && name != "TMPDIR" {
			env = append(env, v)
		}
	}
	return env
}

// leftovers returns the directories of sockets that hosts have not removed.
func leftovers(t *testing.T, temp string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(temp, "psl-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// TestPluginsPageSources: the files of the page are those of the examples.
func TestPluginsPageSources(t *testing.T) {
	inGo := readDoc(t, "plugins/examples/hello/main.go")
	comment, _, _ := strings.Cut(inGo, "package main")
	inGo = strings.TrimPrefix(inGo, comment) // the comment is about the page
	for file, want := range map[string]string{
		"main.go":  inGo,
		"hello.py": readDoc(t, "plugins/examples/python/hello.py"),
	} {
		found := 0
		for _, b := range blocksOf(t, "docs/plugins.md") {
			if b.file != file {
				continue
			}
			found++
			if diff := cmp.Diff(want, b.text); diff != "" {
				t.Errorf("docs/plugins.md: %s is not that of plugins/examples (-want +got):\n%s", file, diff)
			}
		}
		if found != 1 {
			t.Errorf("docs/plugins.md has %s %d times, want it once", file, found)
		}
	}
}

// TestBundlesPage runs the derivation of a trace id in docs/bundles.md. The comment of a
// line is its output.
func TestBundlesPage(t *testing.T) {
	ran := 0
	for _, b := range blocksOf(t, "docs/bundles.md") {
		if b.language != "sh" {
			continue
		}
		for line := range strings.Lines(b.text) {
			command, want, ok := strings.Cut(line, " # ")
			if !ok {
				t.Fatalf("docs/bundles.md does not say what this prints: %s", line)
			}
			ran++
			out, log, err := bash(t, t.TempDir(), cleanEnvironment(), "sh -eu <<'END'\n"+command+"\nEND\n")
			if err != nil || out != want {
				t.Errorf("docs/bundles.md: %s prints %q, want %q, %v\n%s", command, out, want, err, log)
			}
		}
	}
	if ran == 0 {
		t.Error("docs/bundles.md shows no derivation")
	}
}
