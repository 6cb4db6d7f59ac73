package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/cli"
	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// TestTemplates: each new plugin builds, passes its tests, and keeps all rules, without a change.
func TestTemplates(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds programs")
	}
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	libraries := filepath.Join(repository, "plugins/examples/node/node_modules")
	for _, c := range []struct {
		language string
		lack     error
		prepare  []string // for the tests of the plugin
		plugin   string
	}{
		{"go", nil, []string{"go mod tidy", "go vet ./...", "go test ./...", "go build"}, "team"},
		{"python", need.PythonPlugins(t.Context()), []string{need.Python + " -B -m unittest"}, "plugin.py"},
		{
			"node", need.NodePlugins(t.Context(), filepath.Dir(libraries)),
			[]string{"ln -s " + libraries + " node_modules", need.Node + " --test"},
			"plugin.js",
		},
	} {
		t.Run(c.language, func(t *testing.T) {
			if c.lack != nil {
				need.Missing(t, "what runs the plugin", c.lack)
			}
			began := time.Now()
			p := newPlace(t)
			p.inDir(t, "pod-status-logger", "plugin", "new", c.language, "team", "--clone", repository)
			folder := filepath.Join(p.dir, "team")
			for _, name := range []string{"Dockerfile", "README.md", ".gitignore"} {
				text, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil || strings.Contains(string(text), "{{") {
					t.Errorf("%s: %v\n%s", name, err, text)
				}
			}
			for _, command := range c.prepare {
				cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", command)
				cmd.Dir = folder
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", command, err, out)
				}
			}
			stdout, stderr, status := p.run("plugin", "verify", "--timeout=10s", filepath.Join(folder, c.plugin))
			if status != cli.ExitOK || strings.Contains(stdout, "FAIL") {
				t.Errorf("exit status %d\n%s%s", status, stdout, stderr)
			}
			t.Logf("from `plugin new` to a verified plugin in %v\n%s", time.Since(began).Round(time.Millisecond), stdout)
			if _, err := p.try(t, "pod-status-logger", "plugin", "new", c.language, "team"); err == nil {
				t.Error("a second plugin is written over the first one")
			}
		})
	}
}

// inDir runs a command in the folder of the place.
func (p *place) inDir(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := p.try(t, name, args...); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func (p *place) try(t *testing.T, name string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
