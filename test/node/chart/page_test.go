//go:build node

package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

const (
	repository = "../../.."
	page       = repository + "/docs/kubernetes.md"
)

// TestPage installs the chart as docs/kubernetes.md does and reads the records. It runs the
// commands of the page up to the first block that only a node can run.
func TestPage(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	const ns, name = "observability", "pods-pod-status-logger"
	c.volume(ns, name)
	t.Cleanup(func() { c.kubectl("default", "delete", "namespace", ns) })
	path, err := filepath.Abs(filepath.Dir(helmProgram))
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), c.helmEnv()...)
	var out []byte
	for _, command := range pageCommands(t) {
		cmd := c.Enter("sh", "-c", "cd "+repository+"; PATH="+path+":$PATH; "+command)
		cmd.Env = env
		if out, err = cmd.Output(); err != nil {
			t.Fatalf("$ %s\n%v", command, nodetest.Explain(err))
		}
	}
	l := logger{c, ns, "statefulset/" + name}
	if all := records(t, out); len(all) == 0 || all[0].Seq != 1 || all[0].Action != "create" {
		t.Errorf("the log begins with %+v", all)
	}
	c.create(ns, "on-the-page")
	l.seen("on-the-page")
}

// pageCommands returns the commands of the page up to the block that this test has to run.
func pageCommands(t *testing.T) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(text), "<!-- run by: make node-test -->")
	if !ok {
		t.Fatal("the page has no command for this test")
	}
	block, _, _ := strings.Cut(after, "\n```\n")
	for line := range strings.Lines(before + block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}
