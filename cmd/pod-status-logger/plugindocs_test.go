package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// stepsOf returns the steps of a page.
func stepsOf(t *testing.T, page string) []docblocks.Step {
	t.Helper()
	return docblocks.Steps(t, docblocks.Read(t, root+page))
}

// TestPluginsPage does the steps of docs/plugins.md in an empty directory beside a clone
// of the repository, in one shell. Each command succeeds and has the output of the page.
func TestPluginsPage(t *testing.T) {
	t.Parallel() // other pages, which build the same program, have been walked by then
	if testing.Short() {
		t.Skip("builds programs")
	}
	steps := stepsOf(t, "docs/plugins.md")
	python := func(s docblocks.Step) bool { return s.Block.Section == "A plugin in Python" }
	files, commands := 0, 0
	for _, s := range steps {
		if s.File == "" {
			commands++
		} else {
			files++
		}
	}
	if files < 4 || commands < 15 || !slices.ContainsFunc(steps, python) {
		t.Fatalf("docs/plugins.md has %d files and %d commands, want those of a plugin in Go and of one in Python", files,
			commands)
	}
	for _, file := range []string{
		"Makefile", "plugins/examples/python/podstatus_plugin.py", "plugins/examples/python/enrich_pb2.py",
	} {
		readDoc(t, file) // `go test` caches results as long as files that a test has read are unchanged
	}
	lack := need.PythonPlugins(t.Context())
	if lack != nil {
		steps = slices.DeleteFunc(steps, python)
	}
	walk(t, "", steps)
	if lack != nil {
		t.Run("Python", func(t *testing.T) { need.Missing(t, "Python", lack) })
	}
}

// walk does the steps in a directory beside one of the repository, after a script.
func walk(t *testing.T, setup string, steps []docblocks.Step) {
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
	docblocks.Shell{Dir: work, Env: append(cleanEnvironment(), "TMPDIR="+temp), Setup: setup}.Check(t, steps)
	if left := leftovers(t, temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
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
		for _, b := range docblocks.Read(t, root+"docs/plugins.md") {
			if b.Title != file {
				continue
			}
			found++
			if diff := cmp.Diff(want, b.Text); diff != "" {
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
	var steps []docblocks.Step
	for _, b := range docblocks.Read(t, root+"docs/bundles.md") {
		if b.Language != "sh" {
			continue
		}
		for line := range strings.Lines(b.Text) {
			command, want, ok := strings.Cut(line, " # ")
			if !ok {
				t.Fatalf("docs/bundles.md does not say what this prints: %s", line)
			}
			steps = append(steps, docblocks.Step{Block: b, Command: "sh -eu <<'END'\n" + command + "\nEND", Want: want})
		}
	}
	if len(steps) == 0 {
		t.Error("docs/bundles.md shows no derivation")
	}
	docblocks.Shell{Dir: t.TempDir(), Env: cleanEnvironment()}.Check(t, steps)
}
